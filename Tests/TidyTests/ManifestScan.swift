/// The targets that Package.swift declares, read from its text.
struct ManifestScan {
    struct Target: Equatable {
        let name: String
        /// Targets and products it depends on.
        let dependencies: Set<String>
        let isTest: Bool
    }

    private let tokens: [String]
    /// What the constants of the manifest stand for.
    private var products: [String: [String]] = [:]

    /// The manifest's own helpers, and the calls that declare a target with a leading point.
    private static let helpers: Set<String> = ["library", "tests"]
    private static let calls: Set<String> = [
        "target", "testTarget", "executableTarget", "systemLibrary",
    ]

    private init(_ manifest: String) {
        tokens = Self.tokens(of: manifest)
        readConstants()
    }

    /// The targets in the order of the manifest.
    static func targets(in manifest: String) -> [Target] {
        let scan = ManifestScan(manifest)
        return scan.tokens.indices.compactMap(scan.target(at:))
    }

    /// Reads `let name = … .product(name: "X", …) …` up to the next declaration.
    private mutating func readConstants() {
        var current: String?
        for (index, token) in tokens.enumerated() {
            switch token {
            case "let": current = text(index + 1)
            case "func": current = nil
            case "name" where text(index - 2) == "product":
                if let current { products[current, default: []].append(unquoted(text(index + 2))) }
            default: break
            }
        }
    }

    private func text(_ index: Int) -> String {
        tokens.indices.contains(index) ? tokens[index] : ""
    }

    private func unquoted(_ text: String) -> String {
        text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    private func target(at index: Int) -> Target? {
        let known = text(index - 1) == "." ? Self.calls : Self.helpers
        guard known.contains(tokens[index]), text(index + 1) == "(" else { return nil }
        let arguments = arguments(from: index + 1)
        guard let name = arguments.first(where: { $0.label.isEmpty || $0.label == "name" }),
            let first = name.tokens.first, first.hasPrefix("\"")
        else { return nil }
        let unlabelled = arguments.filter(\.label.isEmpty)
        let list =
            arguments.first { $0.label == "dependencies" }
            ?? (unlabelled.count > 1 ? unlabelled[1] : nil)
        let dependencies = (list?.tokens ?? []).flatMap { token in
            token.hasPrefix("\"") ? [unquoted(token)] : products[token] ?? []
        }
        return Target(
            name: unquoted(first),
            dependencies: Set(dependencies),
            isTest: ["tests", "testTarget"].contains(tokens[index])
        )
    }

    private struct Argument {
        var label = ""
        var tokens: [String] = []
    }

    /// The arguments of a call whose parenthesis opens at an index.
    private func arguments(from open: Int) -> [Argument] {
        var arguments: [Argument] = []
        var argument = Argument()
        var depth = 0
        for token in tokens[open...] {
            if ["(", "["].contains(token) { depth += 1 }
            if [")", "]"].contains(token) { depth -= 1 }
            if depth == 0 { break }
            if depth == 1, token == "," {
                arguments.append(argument)
                argument = Argument()
            } else if depth == 1, token == ":", argument.tokens.count == 1 {
                argument.label = argument.tokens.removeFirst()
            } else if !(depth == 1 && token == "(") {
                argument.tokens.append(token)
            }
        }
        return arguments + [argument]
    }

    /// Names, quoted strings and single signs; comments are left out.
    private static func tokens(of manifest: String) -> [String] {
        let file = SourceFile(path: "Package.swift", text: manifest)
        var tokens: [String] = []
        var index = 0
        while index < file.code.count {
            let start = index
            let byte = file.code[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                while index < file.code.count, file.code[index] != byte { index += 1 }
                index = min(index + 1, file.code.count)
            } else if SourceFile.isName(byte) {
                while index < file.code.count, SourceFile.isName(file.code[index]) { index += 1 }
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
                continue
            }
            // The contents of strings are blank in the code.
            tokens.append(String(decoding: file.text[start..<index], as: UTF8.self))
        }
        return tokens
    }
}
