package import Core

/// How a fleet is imported, as its author writes it beside the models.
package struct FleetImportDocument: Sendable, Equatable {
    package static let version = 1

    /// How file names give the key.
    package var pattern: String?
    /// Keys whose model is in a file of another name.
    package var overrides: [SeriesKey: String] = [:]
    /// The file of the model for keys without one.
    package var fallback: String?
    /// What is said of every model, as a JSON object.
    package var metadata: [UInt8]?
    /// What is said of the models of single keys.
    package var keyMetadata: [SeriesKey: [UInt8]] = [:]

    package init() {}

    private static let metadataKeys = ["features", "output", "sign", "threshold", "golden"]

    /// Reads a document.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` with the first problem and the number of others.
    package static func parse(yaml: String, file: String) throws -> FleetImportDocument {
        let reader = DocumentReader(file: file)
        let keys = ["version", "pattern", "overrides", "fallback", "metadata"]
        var document = FleetImportDocument()
        if let root = reader.root(of: yaml, allowed: keys) {
            if let text = root.text("version", required: true), text != String(version) {
                root.report(
                    "version",
                    "\"\(text.prefix(40))\" is not supported; must be \(version)"
                )
            }
            if root.has("pattern") { document.pattern = root.text("pattern") }
            if root.has("fallback") { document.fallback = root.text("fallback") }
            document.overrides = root.entries("overrides") { node, path in
                guard case .scalar(let text, _) = node.content, !node.isNull else {
                    reader.report(line: node.line, path: path, "must be a file, not \(node.kind)")
                    return nil
                }
                return text
            }
            if root.has("metadata"),
                let metadata = root.mapping("metadata", allowed: ["fleet", "keys"])
            {
                if let node = metadata.values["fleet"] {
                    document.metadata = json(node, "metadata.fleet", reader)
                }
                document.keyMetadata = metadata.entries("keys") { json($0, $1, reader) }
            }
        }
        guard reader.problems.isEmpty else { throw FleetError(reader.sortedProblems) }
        return document
    }

    /// The document as text that ``parse(yaml:file:)`` reads again.
    package var yaml: String {
        func quoted(_ text: String) -> String {
            var result = ""
            Self.append(quoted: text, to: &result)
            return result
        }
        func text(_ json: [UInt8]) -> String { String(decoding: json, as: UTF8.self) }
        var lines = ["version: 1"]
        if let pattern { lines.append("pattern: \(quoted(pattern))") }
        if let fallback { lines.append("fallback: \(quoted(fallback))") }
        if !overrides.isEmpty {
            lines.append("overrides:")
            for (key, file) in overrides.sorted(by: { $0.key < $1.key }) {
                lines.append("  \(quoted(key.description)): \(quoted(file))")
            }
        }
        if metadata != nil || !keyMetadata.isEmpty { lines.append("metadata:") }
        // JSON is YAML.
        if let metadata { lines.append("  fleet: \(text(metadata))") }
        if !keyMetadata.isEmpty {
            lines.append("  keys:")
            for (key, json) in keyMetadata.sorted(by: { $0.key < $1.key }) {
                lines.append("    \(quoted(key.description)): \(text(json))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func json(
        _ node: YAMLNode,
        _ path: String,
        _ reader: DocumentReader
    ) -> [UInt8]? {
        guard reader.mapping(node, path: path, allowed: metadataKeys) != nil else { return nil }
        var text = ""
        append(node, to: &text)
        return Array(text.utf8)
    }

    private static func append(_ node: YAMLNode, to text: inout String) {
        switch node.content {
        case .scalar(let value, let isPlain):
            if node.isNull {
                text += "null"
            } else if isPlain, value == "true" || value == "false" {
                text += value
            } else if isPlain, let number = Double(value), number.isFinite {
                text += "\(number)"
            } else {
                append(quoted: value, to: &text)
            }
        case .sequence(let nodes):
            text += "["
            for (index, element) in nodes.enumerated() {
                if index > 0 { text += "," }
                append(element, to: &text)
            }
            text += "]"
        case .mapping(let entries):
            text += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { text += "," }
                append(quoted: entry.key, to: &text)
                text += ":"
                append(entry.value, to: &text)
            }
            text += "}"
        }
    }

    private static func append(quoted value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension MappingReader {
    /// A mapping whose keys are model keys.
    fileprivate func entries<Value>(
        _ key: String,
        _ read: (YAMLNode, String) -> Value?
    ) -> [SeriesKey: Value] {
        guard let node = values[key], !node.isNull else { return [:] }
        guard case .mapping(let entries) = node.content else {
            report(key, "must be a mapping of keys, not \(node.kind)")
            return [:]
        }
        var result: [SeriesKey: Value] = [:]
        for entry in entries {
            let path = path(key) + "." + entry.key
            do {
                let name = try SeriesKey(parsing: entry.key)
                if let value = read(entry.value, path) { result[name] = value }
            } catch let error as FleetError {
                reader.report(line: entry.line, path: path, error.message)
            } catch {
                reader.report(line: entry.line, path: path, "is not a key")
            }
        }
        return result
    }
}
