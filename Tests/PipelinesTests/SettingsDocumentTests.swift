import FoundationEssentials
import Pipelines
import Testing

/// The table of settings in docs/configuration.md is the declaration of the settings.
@Suite("The document of the settings")
struct SettingsDocumentTests {
    private static let begin = "<!-- settings: begin -->\n"
    private static let end = "<!-- settings: end -->\n"

    private let path: String

    init() {
        var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { root.deleteLastPathComponent() }
        path = root.path + "/docs/configuration.md"
    }

    private var table: String {
        let rows = Setting.reference.map { setting in
            let cells = [
                "`\(setting.name)`", setting.kind.rawValue, setting.unit,
                setting.defaultText.isEmpty ? "" : "`\(setting.defaultText)`", setting.range,
                setting.sentence,
            ]
            return "| " + cells.map { $0.isEmpty ? "–" : $0 }.joined(separator: " | ") + " |\n"
        }
        return "| Setting | Type | Unit | Default | Range | Meaning |\n"
            + "|---|---|---|---|---|---|\n" + rows.joined()
    }

    @Test("The table holds every setting as it is declared; FLEETSCORE_RECORD=1 writes it anew")
    func tableMatches() throws {
        let bytes = try #require(FileManager.default.contents(atPath: path))
        let text = String(decoding: bytes, as: UTF8.self)
        let start = try #require(text.firstRange(of: Self.begin)).upperBound
        let end = try #require(text.firstRange(of: Self.end)).lowerBound
        guard ProcessInfo.processInfo.environment["FLEETSCORE_RECORD"] != "1" else {
            let renewed = text[..<start] + table + text[end...]
            try Data(renewed.utf8).write(to: URL(fileURLWithPath: path))
            return
        }
        #expect(text[start..<end] == table)
    }

    @Test("The document names the environment variable of a setting as the product does")
    func environment() throws {
        let bytes = try #require(FileManager.default.contents(atPath: path))
        let text = String(decoding: bytes, as: UTF8.self)
        let listen = try #require(Setting.reference.first { $0.name == "listen" })
        #expect(text.contains(listen.environmentVariable))
    }
}
