import FoundationEssentials

/// The files of the repository that this test file belongs to.
enum Repository {
    /// The folder with Package.swift.
    static let root: String = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    private static let folders = [
        ".ci", "Benchmarks", "Demo", "Sources", "Tests", "docs", "packaging", "scripts",
    ]
    private static let rootFiles = ["CHANGELOG.md", "Makefile", "Package.swift", "README.md"]
    private static let textSuffixes = [
        ".c", ".h", ".md", ".py", ".service", ".sh", ".swift", ".txt", ".yaml", "/run", "Makefile",
    ]
    /// Made by tools or kept as received.
    private static let skippedParts = ["/Fixtures/", "/Golden/", "/__pycache__/", "/.build"]

    /// Every text file that people write.
    static let textFiles: [SourceFile] = {
        var paths = rootFiles.filter { FileManager.default.fileExists(atPath: root + "/" + $0) }
        for folder in folders {
            paths += subpaths(of: folder).filter { path in
                textSuffixes.contains { path.hasSuffix($0) }
                    && !skippedParts.contains { path.contains($0) }
            }
        }
        return paths.sorted().compactMap(read)
    }()

    /// Every Swift file that people write.
    static let swiftFiles = textFiles.filter { $0.isSwift && !$0.isGenerated }

    /// The names of the folders in a folder.
    static func folderNames(in folder: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)
        return (names ?? []).filter { name in
            var isFolder = false
            let path = "\(root)/\(folder)/\(name)"
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
                && !name.hasPrefix(".")
        }.sorted()
    }

    /// A file of the repository; nil when it is not there.
    static func read(_ path: String) -> SourceFile? {
        FileManager.default.contents(atPath: root + "/" + path).map {
            SourceFile(path: path, bytes: Array($0))
        }
    }

    private static func subpaths(of folder: String) -> [String] {
        let paths = try? FileManager.default.subpathsOfDirectory(atPath: root + "/" + folder)
        return (paths ?? []).map { folder + "/" + $0 }
    }
}
