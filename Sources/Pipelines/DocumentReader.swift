import Core

/// Collects the problems of one document while its values are read.
final class DocumentReader {
    let file: String
    private(set) var problems: [DocumentProblem] = []

    init(file: String) {
        self.file = file
    }

    /// The root mapping of a text; nil, with a problem reported, when there is none.
    func root(of yaml: String, allowed: [String]) -> MappingReader? {
        do {
            return mapping(try YAMLText.parse(yaml), path: "", allowed: allowed)
        } catch {
            report(line: error.line, path: "", error.message)
            return nil
        }
    }

    /// Adds a problem to the list.
    func report(line: Int, path: String, _ message: String) {
        problems.append(DocumentProblem(file: file, line: line, path: path, message: message))
    }

    /// Reads a node as a mapping with these keys only.
    func mapping(_ node: YAMLNode, path: String, allowed: [String]) -> MappingReader? {
        guard case .mapping(let entries) = node.content else {
            report(line: node.line, path: path, "must be a mapping of keys, not \(node.kind)")
            return nil
        }
        var values: [String: YAMLNode] = [:]
        var hasUnknownKey = false
        for entry in entries {
            let entryPath = path.isEmpty ? entry.key : path + "." + entry.key
            guard allowed.contains(entry.key) else {
                report(line: entry.line, path: entryPath, unknown(entry.key, allowed, "key"))
                hasUnknownKey = true
                continue
            }
            guard values[entry.key] == nil else {
                report(line: entry.line, path: entryPath, "is given twice")
                continue
            }
            values[entry.key] = entry.value
        }
        return MappingReader(
            reader: self,
            path: path,
            line: node.line,
            values: values,
            hasUnknownKey: hasUnknownKey
        )
    }

    /// Problems by line, as a reader of the file meets them.
    var sortedProblems: [DocumentProblem] {
        problems.enumerated()
            .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            .map(\.element)
    }
}

/// Says that a word is not one of those allowed, and which one may be meant.
func unknown(_ word: String, _ allowed: [String], _ kind: String) -> String {
    if let meant = DidYouMean.suggestion(for: word, among: allowed) {
        return "unknown \(kind); did you mean \"\(meant)\"?"
    }
    return "unknown \(kind); use one of \(allowed.joined(separator: ", "))"
}

/// Reads the values of one mapping; a value that is wrong is reported and read as nil.
struct MappingReader {
    let reader: DocumentReader
    let path: String
    let line: Int
    let values: [String: YAMLNode]
    /// Whether a key was refused: then a missing one may be meant by it.
    let hasUnknownKey: Bool

    /// The path of a key of this mapping.
    func path(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// Whether a key is written with a value.
    func has(_ key: String) -> Bool { values[key].map { !$0.isNull } ?? false }

    /// Adds a problem with the value of a key.
    func report(_ key: String, _ message: String) {
        reader.report(line: values[key]?.line ?? line, path: path(key), message)
    }

    /// A nested mapping; nil when the key is absent or wrong.
    func mapping(_ key: String, allowed: [String]) -> MappingReader? {
        guard let node = value(key) else { return nil }
        return reader.mapping(node, path: path(key), allowed: allowed)
    }

    /// The elements of a list.
    func list(_ key: String, required: Bool = false) -> [YAMLNode]? {
        guard let node = value(key, required: required) else { return nil }
        guard case .sequence(let nodes) = node.content else {
            report(key, "must be a list, not \(node.kind)")
            return nil
        }
        return nodes
    }

    /// A scalar as it is written.
    func text(_ key: String, required: Bool = false) -> String? {
        guard let node = value(key, required: required) else { return nil }
        guard case .scalar(let text, _) = node.content else {
            report(key, "must be a single value, not \(node.kind)")
            return nil
        }
        return text
    }

    /// A scalar that a parser accepts or refuses with a message.
    func read<Value>(
        _ key: String,
        required: Bool = false,
        _ parse: (String) throws(ScalarProblem) -> Value
    ) -> Value? {
        guard let text = text(key, required: required) else { return nil }
        do {
            return try parse(text)
        } catch {
            report(key, error.message)
            return nil
        }
    }

    /// The mappings of a list, at most so many, each with these keys only.
    func mappings(_ key: String, countMax: Int, _ allowed: [String]) -> [MappingReader] {
        guard let nodes = list(key) else { return [] }
        guard nodes.count <= countMax else {
            report(key, "has \(nodes.count) entries; at most \(countMax)")
            return []
        }
        return nodes.enumerated().compactMap { index, node in
            reader.mapping(node, path: "\(path(key))[\(index)]", allowed: allowed)
        }
    }

    /// A duration within a range.
    func duration(
        _ key: String,
        _ range: ClosedRange<Duration>,
        required: Bool = false
    ) -> Duration? {
        read(key, required: required) { text throws(ScalarProblem) in
            try Scalar.duration(text, in: range)
        }
    }

    /// One of the words of an enumeration.
    func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        _ type: Value.Type
    ) -> Value? {
        read(key) { text throws(ScalarProblem) in
            let word = try Scalar.choice(text, of: Value.allCases.map(\.rawValue))
            return Value(rawValue: word)
        } ?? nil
    }

    /// A list of texts, or one text for a list of one.
    func texts(_ key: String, required: Bool = false) -> [String] {
        if case .scalar(let text, _)? = values[key]?.content, !text.isEmpty { return [text] }
        return (list(key, required: required) ?? []).compactMap { node in
            guard case .scalar(let text, _) = node.content, !node.isNull, !text.isEmpty else {
                report(key, "must be a list of texts")
                return nil
            }
            return text
        }
    }

    /// A mapping of any keys to texts.
    func textMapping(_ key: String) -> [String: String] {
        guard let node = value(key) else { return [:] }
        guard case .mapping(let entries) = node.content else {
            report(key, "must be a mapping of keys, not \(node.kind)")
            return [:]
        }
        var result: [String: String] = [:]
        for entry in entries {
            guard case .scalar(let text, _) = entry.value.content else {
                report(key, "\(entry.key) must be a single value")
                continue
            }
            result[entry.key] = text
        }
        return result
    }

    private func value(_ key: String, required: Bool = false) -> YAMLNode? {
        guard let node = values[key] else {
            if required { report(key, "is missing") }
            return nil
        }
        guard !node.isNull else {
            report(key, "has no value")
            return nil
        }
        return node
    }
}
