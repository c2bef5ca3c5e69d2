import Testing

@Suite("docs/openapi.yaml has the routes that the server has")
struct OpenAPITests {
    /// A method and a path, such as `GET /v1/runs/{id}`.
    private typealias Route = String

    private static let path = "docs/openapi.yaml"

    @Test("Every route of the code is described, and nothing else is")
    func routes() throws {
        let document = try #require(Repository.read(Self.path))
        let described = Self.routes(inDocument: String(decoding: document.text, as: UTF8.self))
        let files = Repository.swiftFiles.filter { $0.isIn("Sources/API") }
        let served = files.flatMap(Self.routes(in:))
        #expect(!served.isEmpty, "no route is found in Sources/API")
        let findings = Self.differences(served: served, described: described)
        #expect(findings.isEmpty, "\n\(findings.joined(separator: "\n"))")
    }

    @Test("Routes that only one side has are found")
    func canFail() throws {
        let document = """
            openapi: 3.1.0
            paths:
              /v1/things:
                get:
                  summary: Things.
                post: {}
              /v1/things/{name}:
                parameters: []
                get:
                  summary: A thing.
            components:
              /v1/parts:
                get: {}
            """
        let described = Self.routes(inDocument: document)
        #expect(described == ["GET /v1/things", "POST /v1/things", "GET /v1/things/{name}"])

        let code = """
            router.get("/v1/things") { _, _ in try list() }
            // router.get("/v1/comments") { _, _ in }
            let text = "router.get(\\"/v1/strings\\")"
            router.post(
                "/v1/things"
            ) { request, _ in try await add(request) }
            router.get("/v1/things/:name") { _, _ in }
            """
        let served = Self.routes(in: Self.made(code))
        #expect(served == described)
        #expect(Self.differences(served: served, described: described).isEmpty)

        let more = served + Self.routes(in: Self.made("router.delete(\"/v1/made-up/:id\")"))
        #expect(
            Self.differences(served: more, described: described)
                == ["DELETE /v1/made-up/{id}: \(Self.path) lacks it"]
        )
        #expect(
            Self.differences(served: Array(served.dropLast()), described: described)
                == ["GET /v1/things/{name}: Sources/API lacks it"]
        )
    }

    @Test(
        "A route whose whole path cannot be read is never taken for one that is described",
        arguments: [
            "router.group(\"/v1\").get(\"things\")", "router.on(\"/v1/things\", method: .get)",
            "router.get(path)", "router.get(\"/v1/\\(name)\")",
        ]
    )
    func unreadable(_ code: String) {
        let served = Self.routes(in: Self.made(code))
        #expect(served.contains { $0.hasPrefix("unreadable ") }, "\(served)")
    }

    private static func made(_ code: String) -> SourceFile {
        SourceFile(path: "Sources/API/Made.swift", text: code)
    }

    private static func differences(served: [Route], described: [Route]) -> [String] {
        let missing = Set(served).subtracting(described).sorted()
        let extra = Set(described).subtracting(served).sorted()
        return missing.map { "\($0): \(path) lacks it" }
            + extra.map { "\($0): Sources/API lacks it" }
    }

    /// The routes of a file, with `:name` as `{name}`; comments and strings are not code.
    private static func routes(in file: SourceFile) -> [Route] {
        let text = String(decoding: file.text, as: UTF8.self)
        let call = #/\brouter\s*\.(?<method>\w+)\(\s*(?:"(?<path>[^"]*)")?/#
        return text.matches(of: call).compactMap { match in
            let offset = text.utf8.distance(from: text.startIndex, to: match.range.lowerBound)
            let isCode = file.code[offset] != UInt8(ascii: " ")
            guard isCode, match.method != "add" else { return nil }
            let methods: Set = ["get", "post", "put", "patch", "delete", "head", "options"]
            guard let path = match.path, path.hasPrefix("/"), !path.contains("\\"),
                methods.contains(String(match.method))
            else {
                return "unreadable \(file.path):\(file.line(at: offset)) \(match.output.0)"
            }
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let names = parts.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
            return "\(match.method.uppercased()) \(names.joined(separator: "/"))"
        }
    }

    /// The routes of the `paths` section, which is indented by two spaces a level.
    private static func routes(inDocument text: String) -> [Route] {
        let methods: Set = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]
        var routes: [Route] = []
        var isInPaths = false
        var path = ""
        for line in text.split(separator: "\n") {
            let indent = line.prefix { $0 == " " }.count
            let name = line.dropFirst(indent).prefix { $0 != ":" }
            switch indent {
            case 0: isInPaths = name == "paths"
            case 2: path = String(name)
            case 4 where isInPaths && methods.contains(String(name)):
                routes.append("\(name.uppercased()) \(path)")
            default: break
            }
        }
        return routes
    }
}
