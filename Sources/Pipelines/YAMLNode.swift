import Core
import Yams

/// A YAML value with the line it begins on.
struct YAMLNode {
    /// The three shapes of a YAML value.
    enum Content {
        /// Its text, and whether it was written without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: String, line: Int, value: YAMLNode)])
    }

    let line: Int
    let content: Content

    /// Whether nothing was written: an empty value, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// What the value is, for a message.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Parses YAML text into nodes within fixed limits.
///
/// Anchors and aliases are refused, so a small text can never stand for a huge tree.
enum YAMLText {
    static let byteCountMax = 1 << 20
    static let nodeCountMax = 100_000
    static let depthMax = 32

    /// The root node of a document.
    ///
    /// - Throws: ``YAMLProblem`` when the text is too large or is not the YAML we read.
    static func parse(_ yaml: String) throws(YAMLProblem) -> YAMLNode {
        guard yaml.utf8.count <= byteCountMax else {
            throw YAMLProblem(
                line: 1,
                message: "the document has \(yaml.utf8.count) bytes; at most 1 MiB"
            )
        }
        try YAMLScan.check(yaml)
        do {
            let parser = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            // Nodes hold their anchors weakly: the parser owns them, so it must outlive the walk.
            return try withExtendedLifetime(parser) {
                guard let root else {
                    throw YAMLProblem(line: 1, message: "the document is empty")
                }
                var count = 0
                return try convert(root, depth: 0, count: &count)
            }
        } catch let problem as YAMLProblem {
            throw problem
        } catch {
            throw YAMLProblem(error, yaml: yaml)
        }
    }

    private static func convert(
        _ node: Node,
        depth: Int,
        count: inout Int
    ) throws(YAMLProblem) -> YAMLNode {
        let line = node.mark?.line ?? 1
        count += 1
        guard count <= nodeCountMax else {
            throw YAMLProblem(
                line: line,
                message: "the document has more than \(nodeCountMax) values"
            )
        }
        guard depth <= depthMax else {
            throw YAMLProblem(line: line, message: "nested more than \(depthMax) levels deep")
        }
        guard node.anchor == nil else {
            throw YAMLProblem(line: line, message: YAMLProblem.references)
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(
                line: line,
                content: .scalar(scalar.string, isPlain: scalar.style == .plain)
            )
        case .sequence(let sequence):
            var nodes: [YAMLNode] = []
            for element in sequence {
                nodes.append(try convert(element, depth: depth + 1, count: &count))
            }
            return YAMLNode(line: line, content: .sequence(nodes))
        case .mapping(let mapping):
            var entries: [(key: String, line: Int, value: YAMLNode)] = []
            for (key, value) in mapping {
                let keyLine = key.mark?.line ?? line
                guard case .scalar(let scalar) = key, key.anchor == nil else {
                    throw YAMLProblem(line: keyLine, message: YAMLProblem.keys)
                }
                let node = try convert(value, depth: depth + 1, count: &count)
                entries.append((scalar.string, keyLine, node))
            }
            return YAMLNode(line: line, content: .mapping(entries))
        case .alias:
            throw YAMLProblem(line: line, message: YAMLProblem.references)
        }
    }
}

/// Why a text is not a document, and on which line.
struct YAMLProblem: Error {
    let line: Int
    let message: String

    static let keys = "a key must be a plain name"
    static let references = "anchors and aliases (&name, *name) are not supported; repeat the value"

    init(line: Int, message: String) {
        self.line = line
        self.message = message
    }

    init(_ error: any Error, yaml: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(
                line: mark.line,
                message: Self.looksLikeUnquotedCron(yaml, line: mark.line)
                    ? "an expression that begins with * needs quotes, such as \"*/5 * * * *\""
                    : "not valid YAML: \(problem)"
            )
        case .reader(let problem, let offset, _, _):
            let before = yaml.utf8.prefix(max(0, offset ?? 0))
            let line = 1 + before.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 }
            self.init(line: line, message: "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            let name = names.first ?? ""
            self.init(line: context.mark.line, message: "the key \"\(name)\" is given twice")
        default:
            self.init(line: 1, message: "not valid YAML: \(error)")
        }
    }

    private static func looksLikeUnquotedCron(_ yaml: String, line: Int) -> Bool {
        let lines = yaml.split(
            maxSplits: line,
            omittingEmptySubsequences: false,
            whereSeparator: \.isNewline
        )
        guard line >= 1, line <= lines.count, let colon = lines[line - 1].firstIndex(of: ":") else {
            return false
        }
        let value = lines[line - 1][colon...].dropFirst().drop { $0 == " " }
        return value.hasPrefix("*")
    }
}
