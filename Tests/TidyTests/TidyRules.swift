/// The rules of the tree.
///
/// Where a fixed word would break its own rule it is put together.
enum TidyRules {
    private static let swift: @Sendable (SourceFile) -> Bool = { $0.isSwift }
    private static let testTargets: @Sendable (SourceFile) -> Bool = { file in
        file.isSwift && file.isIn("Tests") && !file.isIn("Tests/TestKit")
    }

    // Calls.

    static let traps = BannedWord.rule(
        [
            BannedWord("try!", "handle the error, or let the function throw"),
            BannedWord("as!", "use `as?` with a guard, or a type that needs no cast"),
            BannedWord(
                "fatalError(",
                "throw a FleetError; a programmer's error is a precondition"
            ),
        ],
        in: swift
    )

    static let clocks = BannedWord.rule(
        [
            BannedWord("Date()", "ask an injected WallClock"),
            BannedWord("Date.now", "ask an injected WallClock"),
            BannedWord("ContinuousClock()", "take `any Clock<Duration>` as a parameter"),
            BannedWord("ContinuousClock.now", "take `any Clock<Duration>` as a parameter"),
            BannedWord("SuspendingClock()", "take `any Clock<Duration>` as a parameter"),
            BannedWord("Task.sleep", "sleep on an injected `any Clock<Duration>`"),
        ],
        in: { $0.isSwift && $0.isIn("Sources") && !$0.isIn("Sources/fleetscore") }
    )

    static let oldTests = BannedWord.rule(
        [BannedWord("XCTest", "write the test with Swift Testing")],
        in: { $0.isSwift && $0.isIn("Tests") }
    )

    // Promises to the compiler.

    private static let promises = [
        "@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency",
    ]

    static let safety = TidyRule(applies: swift) { file in
        promises.flatMap { promise in
            SourceFile.words(promise, in: file.code).compactMap { offset in
                let line = file.line(at: offset)
                let isExplained = (max(1, line - 3)...line).contains {
                    file.text(ofLine: $0).contains("// SAFETY:")
                }
                guard !isExplained else { return nil }
                return (
                    line,
                    "`\(promise)` without a `// SAFETY:` line above: say what makes it true"
                )
            }
        }
    }

    // Marks and paths; these look at the whole text.

    static let marks = TidyRule(applies: { _ in true }) { file in
        ["TO" + "DO", "FIX" + "ME", "XX" + "X"].flatMap { mark in
            SourceFile.words(mark, in: file.text).map { offset in
                (file.line(at: offset), "`\(mark)`: do it now, or leave it out")
            }
        }
    }

    /// The beginnings of paths that exist on somebody's machine only.
    private static let homes = ["work", "opt", "root", "home", "tmp"].map { "/" + $0 + "/" }

    /// Tests may make their folders in the system's temporary one.
    private static func homes(bannedIn file: SourceFile) -> ArraySlice<String> {
        file.isIn("Tests") ? homes.dropLast() : homes[...]
    }

    static let machinePaths = TidyRule(applies: { _ in true }) { file in
        homes(bannedIn: file).flatMap { home in
            SourceFile.offsets(of: home, in: file.text).compactMap { offset in
                let isWithinPath = offset > 0 && isPathPart(file.text[offset - 1])
                guard !isWithinPath else { return nil }
                return (
                    file.line(at: offset),
                    "a path of one machine (`\(home)`): use a relative or temporary folder"
                )
            }
        }
    }

    private static func isPathPart(_ byte: UInt8) -> Bool {
        SourceFile.isName(byte)
            || [".", "/", "}", ")", "-", "*", "$", "~"].contains { mark in
                Character(UnicodeScalar(byte)) == mark
            }
    }

    // Sizes.

    static let lineLengthMax = 100
    static let functionLineCountMax = 70

    static func lineCountMax(of file: SourceFile) -> Int { file.isIn("Tests") ? 800 : 600 }

    static let fileLength = TidyRule(applies: { $0.isSwift && !$0.isGenerated }) { file in
        let limit = lineCountMax(of: file)
        guard file.lineCount > limit else { return [] }
        return [(limit + 1, "the file has \(file.lineCount) lines, at most \(limit): split it")]
    }

    static let functionLength = TidyRule(applies: { $0.isSwift && $0.isIn("Sources") }) { file in
        FunctionScan.functions(in: file).filter { $0.lineCount > functionLineCountMax }.map {
            (
                $0.firstLine,
                "\($0.name) has \($0.lineCount) lines, at most \(functionLineCountMax): "
                    + "take a part of it out"
            )
        }
    }

    static let lineLength = TidyRule(applies: { $0.isSwift && !$0.isGenerated }) { file in
        (1...max(1, file.lineCount)).compactMap { line in
            let count = file.text(ofLine: line).count
            guard count > lineLengthMax else { return nil }
            return (line, "the line has \(count) columns, at most \(lineLengthMax): break it")
        }
    }

    // Tests.

    static let forgottenTests = TidyRule(applies: testTargets) { file in
        FunctionScan.functions(in: file).compactMap { function in
            guard !function.attributes.contains("@Test"), !function.isNested else { return nil }
            let isNamedSo = isTestName(function.name)
            let isBuiltSo =
                !function.hasParameters && !function.modifiers.contains("private")
                && function.name != "init" && function.body.contains("#expect")
            guard isNamedSo || isBuiltSo else { return nil }
            return (
                function.firstLine,
                "\(function.name) looks like a test and never runs: add @Test, or make it private"
            )
        }
    }

    /// Whether a name is `test` and a next word.
    private static func isTestName(_ name: String) -> Bool {
        guard name.hasPrefix("test") else { return false }
        return name.dropFirst(4).first.map { !$0.isLowercase } ?? true
    }

    private static let checkingWords = [
        "check", "confirmation", "exercise", "expect", "issue", "require", "run",
        "verify",
    ]

    static let emptyTests = TidyRule(applies: testTargets) { file in
        FunctionScan.functions(in: file).compactMap { function in
            guard function.attributes.contains("@Test") else { return nil }
            let checks = function.body.contains { word in
                let word = word.lowercased()
                return checkingWords.contains { word.contains($0) }
            }
            guard !checks else { return nil }
            return (
                function.firstLine,
                "\(function.name) checks nothing: add an expectation, or remove it"
            )
        }
    }

    // Leftovers.

    static let leftovers = TidyRule(applies: { $0.isSwift && $0.name != "Package.swift" }) { file in
        if ["Target.swift", "Placeholder.swift"].contains(file.name) {
            return [(1, "a placeholder: remove the file")]
        }
        let hasCode = file.code.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
        return hasCode ? [] : [(1, "no code in it: remove the file")]
    }
}
