/// One rule about how files are written: what it looks at and what it finds.
struct TidyRule: Sendable {
    /// Whether the rule speaks about a file.
    let applies: @Sendable (SourceFile) -> Bool
    /// The lines that break it, each with what to do instead.
    let breaches: @Sendable (SourceFile) -> [(line: Int, message: String)]

    /// The breaches in files, as `path:line: message`.
    func findings(in files: [SourceFile]) -> [String] {
        files.filter(applies).flatMap { file in
            breaches(file).map { "\(file.path):\($0.line): \($0.message)" }
        }
    }

    func findings(path: String, _ text: String) -> [String] {
        findings(in: [SourceFile(path: path, text: text)])
    }
}

/// Words that are banned from code, with what takes their place.
struct BannedWord: Sendable {
    let word: String
    let instead: String

    init(_ word: String, _ instead: String) {
        self.word = word
        self.instead = instead
    }

    /// The rule that bans some words from the code of some files.
    static func rule(
        _ words: [BannedWord],
        in applies: @escaping @Sendable (SourceFile) -> Bool
    ) -> TidyRule {
        TidyRule(applies: applies) { file in
            words.flatMap { banned in
                SourceFile.words(banned.word, in: file.code).map { offset in
                    (file.line(at: offset), "`\(banned.word)`: \(banned.instead)")
                }
            }
        }
    }
}
