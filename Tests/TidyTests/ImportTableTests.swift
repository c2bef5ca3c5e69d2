import Testing

@Suite("Targets import what the table allows")
struct ImportTableTests {
    /// Targets among the tests that hold no tests.
    private static let testHelpers = ["KafkaPeer", "TestKit"]

    private let table: TargetTable
    private let targets: [ManifestScan.Target]

    init() throws {
        let document = try #require(Repository.read(TargetTable.path))
        table = TargetTable(markdown: String(decoding: document.text, as: UTF8.self))
        let manifest = try #require(Repository.read("Package.swift"))
        targets = ManifestScan.targets(in: String(decoding: manifest.text, as: UTF8.self))
    }

    @Test("Every target has a row, a folder and a line in the manifest")
    func names() {
        let rows = table.rows.map(\.name)
        #expect(Set(rows).count == rows.count, "a target stands in the table twice")
        let folders = Set(Repository.folderNames(in: "Sources") + Self.testHelpers)
        #expect(Set(rows) == folders, "table and folders of Sources")
        #expect(Set(targets.filter { !$0.isTest }.map(\.name)) == folders, "manifest and folders")
    }

    @Test("Every folder of tests is a target of the manifest")
    func testFolders() {
        let folders = Set(Repository.folderNames(in: "Tests")).subtracting(Self.testHelpers)
        let names = Set(targets.filter(\.isTest).map(\.name))
        #expect(folders == names, "folders of Tests and `tests(…)` in Package.swift")
    }

    @Test("The manifest gives each target what the table says")
    func manifest() {
        for target in targets where !target.isTest {
            guard let row = table.row(target.name) else { continue }
            let declared = target.dependencies.subtracting(table.aboveCore)
            let stated = row.targets.union(row.products).subtracting(table.aboveCore)
            let missing = stated.subtracting(declared).sorted()
            let extra = declared.subtracting(stated).sorted()
            #expect(missing.isEmpty, "\(target.name): Package.swift lacks \(missing)")
            #expect(extra.isEmpty, "\(target.name): the table lacks \(extra)")
        }
    }

    @Test("No file imports more than its target may")
    func imports() {
        let check = ImportCheck(table: table, sourceTargets: Set(table.rows.map(\.name)))
        let findings = check.findings(in: Repository.swiftFiles)
        #expect(findings.isEmpty, "\n\(findings.joined(separator: "\n"))")
    }

    @Test("Only tests import the test kit, and only the root sees every target")
    func directions() {
        for row in table.rows where row.name != "fleetscore" {
            #expect(row.targets.isDisjoint(with: ["API", "fleetscore", "TestKit"]), "\(row.name)")
        }
        let drivers = table.rows.filter { !$0.products.isEmpty && $0.name.hasSuffix("Store") }
        #expect(!drivers.isEmpty)
        for driver in drivers {
            let importers = table.rows.filter { $0.targets.contains(driver.name) }.map(\.name)
            #expect(importers == ["fleetscore"], "only the root imports \(driver.name)")
        }
    }

    struct Import: Sendable {
        let line: String
        let path: String
        let isAllowed: Bool

        init(_ line: String, in target: String, _ isAllowed: Bool) {
            self.line = line
            path = "Sources/\(target)/Made.swift"
            self.isAllowed = isAllowed
        }
    }

    @Test(
        "The check tells allowed imports from others",
        arguments: [
            Import("import Core", in: "Wire", true),
            Import("package import Core", in: "Wire", true),
            Import("import Logging", in: "Service", true),
            Import("import struct Core.Timestamp", in: "Wire", true),
            Import("// import API", in: "Wire", true),
            Import("let a = \"import API\"", in: "Wire", true),
            Import("import Logging", in: "Core", false),
            Import("import Service", in: "Windowing", false),
            Import("@testable import Store", in: "Windowing", false),
            Import("public import struct Store.RunRecord", in: "Windowing", false),
            Import("#if canImport(GRDB)\n    import GRDB\n#endif", in: "Store", false),
            Import("import API", in: "Service", false),
            Import("import fleetscore", in: "API", false),
            Import("import TestKit", in: "fleetscore", false),
            Import("import Core", in: "Unheard", false),
        ]
    )
    func canFail(_ sample: Import) {
        let check = ImportCheck(table: table, sourceTargets: Set(table.rows.map(\.name)))
        let findings = check.findings(in: [SourceFile(path: sample.path, text: sample.line)])
        #expect(findings.isEmpty == sample.isAllowed, "\(findings)")
    }

    @Test("The table is read with its brackets and dashes")
    func rows() {
        let table = TargetTable(
            markdown: """
                Every target may import: Glibc, Darwin.

                | Target | Purpose | May import | Packages |
                |---|---|---|---|
                | `A` | a, b | – | – |
                | `B` | c | A, D | P (M, N), Q |

                | `C` | no row of the table | – | – |
                """
        )
        #expect(table.rows.map(\.name) == ["A", "B"])
        #expect(table.everywhere == ["Glibc", "Darwin"])
        #expect(table.row("B")?.products == ["P", "Q"])
        #expect(table.modules(for: "A") == ["Glibc", "Darwin"])
        #expect(table.modules(for: "B") == ["A", "D", "P", "M", "N", "Q", "Glibc", "Darwin"])
    }

    @Test("Every target of the fuzz package has its folder, mostly a link to ours")
    func fuzzTargets() throws {
        let manifest = try #require(Repository.read("Fuzz/Package.swift"))
        let text = String(decoding: manifest.text, as: UTF8.self)
        let targets = Set(ManifestScan.targets(in: text).map(\.name))
        try #require(targets.contains("Disk"))
        let folders = Set(Repository.folderNames(in: "Fuzz/Sources"))
        #expect(targets.subtracting(folders).sorted() == [])
    }

    @Test("The manifest is read with its constants and its helpers")
    func scan() {
        let manifest = """
            func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
                .target(name: name, dependencies: dependencies)
            }
            let log = Target.Dependency.product(name: "Logging", package: "swift-log")
            let grdb: [Target.Dependency] = [
                .product(name: "GRDB", package: "G"), .product(name: "GRDBSQLite", package: "G"),
            ]
            let package = Package(products: [.library(name: "A", targets: ["A"])], targets: [
                library("A"),  // library("Z")
                library("B", ["A", log]),
                library("C", ["A"] + grdb),
                .executableTarget(name: "d", dependencies: ["A"], path: "Sources/X"),
                tests("ATests", ["A"], exclude: ["x.py"]),
            ])
            """
        let expected = [
            ManifestScan.Target(name: "A", dependencies: [], isTest: false),
            ManifestScan.Target(name: "B", dependencies: ["A", "Logging"], isTest: false),
            ManifestScan.Target(
                name: "C",
                dependencies: ["A", "GRDB", "GRDBSQLite"],
                isTest: false
            ),
            ManifestScan.Target(name: "d", dependencies: ["A"], isTest: false),
            ManifestScan.Target(name: "ATests", dependencies: ["A"], isTest: true),
        ]
        #expect(ManifestScan.targets(in: manifest) == expected)
    }
}
