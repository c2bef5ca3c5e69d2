package import Core

/// One thing that is wrong with a YAML document, and where.
package struct DocumentProblem: Sendable, Encodable, Equatable, CustomStringConvertible {
    package let file: String
    /// 1 is the first line.
    package let line: Int
    /// The key path, such as `schedule.every` or `windows[0].size`; empty for the whole document.
    package let path: String
    package let message: String

    package init(file: String, line: Int, path: String, message: String) {
        self.file = file
        self.line = line
        self.path = path
        self.message = message
    }

    /// `pipeline.yaml:7 schedule.evry: unknown key`, on one line.
    package var description: String {
        path.isEmpty ? "\(file):\(line): \(message)" : "\(file):\(line) \(path): \(message)"
    }
}

extension FleetError {
    /// One error for all problems of a document: the first, and how many more there are.
    package init(_ problems: [DocumentProblem]) {
        let first = problems.first?.description ?? "the document is not valid"
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        self.init(.invalidArgument, first + more)
    }
}
