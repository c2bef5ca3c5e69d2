/// A function of a Swift file, as its tokens show it.
struct ScannedFunction {
    let name: String
    /// The names of its attributes, such as `@Test`.
    let attributes: [String]
    let modifiers: [String]
    let hasParameters: Bool
    /// Whether it stands in the body of another function.
    let isNested: Bool
    let firstLine: Int
    let lastLine: Int
    /// What stands between its braces.
    let body: [String]

    var lineCount: Int { lastLine - firstLine + 1 }
}

/// Finds the functions of a Swift file by tokens and braces.
struct FunctionScan {
    private struct Token {
        let text: String
        let offset: Int
    }

    private static let modifiers: Set<String> = [
        "async", "class", "convenience", "consuming", "fileprivate", "final", "internal",
        "mutating", "nonisolated", "open", "override", "package", "private", "public", "required",
        "static", "borrowing",
    ]
    /// Words that begin the next declaration, so that the one before has no body.
    private static let declarations: Set<String> = [
        "func", "var", "let", "init", "deinit", "subscript", "case", "typealias",
        "associatedtype", "struct", "enum", "actor", "extension", "protocol", "static",
    ]

    private let file: SourceFile
    private let tokens: [Token]

    private init(_ file: SourceFile) {
        self.file = file
        tokens = Self.tokens(of: file.code)
    }

    /// The functions and initialisers of a file that have a body, in order.
    static func functions(in file: SourceFile) -> [ScannedFunction] {
        FunctionScan(file).scan()
    }

    private func scan() -> [ScannedFunction] {
        var functions: [ScannedFunction] = []
        var outerEnd = 0
        for index in tokens.indices where isFunction(at: index) {
            guard let open = bodyStart(after: index), let close = end(of: open) else { continue }
            let head = head(before: index)
            let name = tokens[index].text == "func" ? nameToken(after: index) : tokens[index].text
            functions.append(
                ScannedFunction(
                    name: name,
                    attributes: head.attributes,
                    modifiers: head.modifiers,
                    hasParameters: hasParameters(after: index),
                    isNested: index < outerEnd,
                    firstLine: file.line(at: tokens[index].offset),
                    lastLine: file.line(at: tokens[close].offset),
                    body: tokens[(open + 1)..<close].map(\.text)
                )
            )
            outerEnd = max(outerEnd, close)
        }
        return functions
    }

    private func text(_ index: Int) -> String {
        tokens.indices.contains(index) ? tokens[index].text : ""
    }

    private func isFunction(at index: Int) -> Bool {
        switch tokens[index].text {
        case "func": true
        case "init":
            ["(", "<", "?"].contains(text(index + 1)) && text(index - 1) != "."
        case "deinit": text(index + 1) == "{"
        default: false
        }
    }

    private func nameToken(after index: Int) -> String {
        var name = ""
        var next = index + 1
        while next < tokens.count, !["(", "<"].contains(text(next)) || name.isEmpty {
            name += text(next)
            next += 1
        }
        return name
    }

    private func hasParameters(after index: Int) -> Bool {
        var next = index + 1
        while next < tokens.count, text(next) != "(" { next += 1 }
        return text(next + 1) != ")"
    }

    /// The index of the brace that opens the body; nil for a requirement without one.
    private func bodyStart(after index: Int) -> Int? {
        var depth = 0
        for next in (index + 1)..<tokens.count {
            switch tokens[next].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return next
            case "}" where depth == 0: return nil
            case let word where depth == 0 && Self.declarations.contains(word): return nil
            default: break
            }
        }
        return nil
    }

    private func end(of open: Int) -> Int? {
        var depth = 0
        for next in open..<tokens.count {
            if tokens[next].text == "{" { depth += 1 }
            if tokens[next].text == "}" { depth -= 1 }
            if depth == 0 { return next }
        }
        return nil
    }

    /// The attributes and modifiers before a declaration.
    private func head(before index: Int) -> (attributes: [String], modifiers: [String]) {
        var attributes: [String] = []
        var modifiers: [String] = []
        var next = index - 1
        while next >= 0 {
            var word = next
            if text(next) == ")" {
                guard let open = open(of: next) else { break }
                word = open - 1
            }
            if text(word).hasPrefix("@") {
                attributes.append(text(word))
            } else if Self.modifiers.contains(text(word)) {
                modifiers.append(text(word))
            } else {
                break
            }
            next = word - 1
        }
        return (attributes, modifiers)
    }

    /// The parenthesis that a closing one belongs to.
    private func open(of close: Int) -> Int? {
        var depth = 0
        var next = close
        while next >= 0 {
            if text(next) == ")" { depth += 1 }
            if text(next) == "(" { depth -= 1 }
            if depth == 0 { return next }
            next -= 1
        }
        return nil
    }

    /// Names (with a leading `@` or `#`) and single signs; white space is left out.
    private static func tokens(of code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < code.count {
            let start = index
            let byte = code[index]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
                index += 1
                continue
            }
            index += 1
            let isMark = byte == UInt8(ascii: "@") || byte == UInt8(ascii: "#")
            if isMark || SourceFile.isName(byte) {
                while index < code.count, SourceFile.isName(code[index]) { index += 1 }
            }
            tokens.append(
                Token(text: String(decoding: code[start..<index], as: UTF8.self), offset: start)
            )
        }
        return tokens
    }
}
