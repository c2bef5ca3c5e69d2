import Client
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Service
import Store
import TestKit
import Testing

@Suite("Fleets over the API")
struct FleetRoutesTests {
    /// A tar archive of files with short names.
    private static func tar(_ files: [(String, [UInt8])]) -> [UInt8] {
        var archive: [UInt8] = []
        for (name, bytes) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, at offset: Int) {
                for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
            }
            func octal(_ value: Int) -> String {
                let digits = String(value, radix: 8)
                return String(repeating: "0", count: 11 - digits.count) + digits
            }
            put(name, at: 0)
            put(octal(bytes.count), at: 124)
            put("        ", at: 148)
            header[156] = 0x30
            let sum = header.reduce(0) { $0 + Int($1) }
            put(String(octal(sum).suffix(6)) + "\u{0} ", at: 148)
            archive += header + bytes
            archive += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return archive + [UInt8](repeating: 0, count: 1024)
    }

    private static func upload(
        _ client: any TestClientProtocol,
        _ fleet: String,
        _ bytes: [UInt8],
        query: String = ""
    ) async throws -> Answer {
        try await client.execute(
            uri: "/v1/fleets/\(fleet)/versions\(query)",
            method: .post,
            headers: [.contentType: "application/x-tar"],
            body: ByteBuffer(bytes: bytes)
        ) {
            Answer(
                status: $0.status.code,
                text: String(buffer: $0.body),
                headers: $0.headers
            )
        }
    }

    @Test("import, show, compare, check, promote, roll back, export and import again")
    func story() async throws {
        let good = try TestFiles.sklearn("sklearn-1.1.3/rbf_standard.p4")
        let other = try TestFiles.sklearn("sklearn-1.1.3/linear_minmax.p4")
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let first = try await Self.upload(
                client,
                "plant",
                Self.tar([("model_a_s.pkl", good), ("model_b_s.pkl", good), ("note.md", [1])])
            )
            #expect(first.status == 201, "\(first.text)")
            let detail: FleetDetail = try first.decoded()
            #expect(detail.version.models == 2 && detail.ignoredFiles == ["note.md"])
            #expect(detail.imported?.decoded == 2 && detail.imported?.ignored == 1)
            let same = try await Self.upload(
                client,
                "plant",
                Self.tar([("model_a_s.pkl", good), ("model_b_s.pkl", good)])
            )
            #expect(same.status == 200)
            #expect(try same.decoded(FleetDetail.self).imported?.unchanged == 2)
            let next = try await Self.upload(
                client,
                "plant",
                Self.tar([("model_c_s.pkl", other)]),
                query: "?add=true&document=version%3A%201%0Afallback%3A%20model_c_s.pkl"
            )
            #expect(next.status == 201, "\(next.text)")
            #expect(try next.decoded(FleetDetail.self).version.models == 3)

            let model: FleetModelInfo = try await client.get(
                "/v1/fleets/plant/model?key=a/s"
            ).decoded()
            #expect(model.type == "one_class_svm" && model.sourceFile == "model_a_s.pkl")
            #expect(model.sourceDigest.count == 64 && model.byteCount > 0)
            let absent = try await client.get("/v1/fleets/plant/model?key=z/s")
            #expect(absent.status == 404)
            let difference: FleetDifference = try await client.get(
                "/v1/fleets/plant/diff?from=1&to=candidate"
            ).decoded()
            #expect(difference.added == ["*", "c/s"] && difference.unchangedCount == 2)
            let check = try await client.get("/v1/fleets/plant/check?version=1")
            #expect(check.status == 200, "\(check.text)")
            let versions: [FleetVersionInfo] = try await client.get(
                "/v1/fleets/plant/versions"
            ).decoded()
            #expect(versions.map(\.version) == [2, 1])
            try await Self.movesAndExport(client)
        }
    }

    private static func movesAndExport(_ client: any TestClientProtocol) async throws {
        for version in [1, 2] {
            let moved = try await client.call(
                .post,
                "/v1/fleets/plant/promote",
                type: "application/json",
                body: #"{"version": \#(version), "alias": "production", "forceReason": "test"}"#
            )
            #expect(moved.status == 200, "\(moved.text)")
        }
        let back = try await client.call(
            .post,
            "/v1/fleets/plant/rollback",
            type: "application/json",
            body: #"{"alias": "production", "reason": "noisy"}"#
        )
        #expect(back.status == 200 && back.text.contains(#""version":1"#), "\(back.text)")
        let history: [AliasChangeInfo] = try await client.get(
            "/v1/fleets/plant/history"
        ).decoded()
        #expect(history.first?.action == "rollback" && history.first?.reason == "noisy")
        let status: ImportStatus = try await client.get("/v1/fleets/plant/import").decoded()
        #expect(!status.isRunning)
        let archive = try await client.execute(
            uri: "/v1/fleets/plant/export?version=2",
            method: .get
        ) { Array(buffer: $0.body) }
        let copy = try await Self.upload(client, "copy", archive)
        #expect(copy.status == 201, "\(copy.text)")
        let copied: FleetModelInfo = try await client.get(
            "/v1/fleets/copy/model?key=c/s"
        ).decoded()
        let original: FleetModelInfo = try await client.get(
            "/v1/fleets/plant/model?key=c/s"
        ).decoded()
        #expect(copied.modelDigest == original.modelDigest)
        #expect(copied.sourceDigest == original.sourceDigest)
    }

    @Test("what is no archive, no file that fits, and a bad document are one-line errors")
    func refusals() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let junk = try await Self.upload(client, "plant", [1, 2, 3])
            #expect(junk.status == 400, "\(junk.text)")
            let none = try await Self.upload(client, "plant", Self.tar([("x.md", [1])]))
            #expect(none.status == 400 && none.text.contains("x.md"))
            let document = try await Self.upload(
                client,
                "plant",
                Self.tar([("model_a_s", [1])]),
                query: "?document=version%3A%209"
            )
            #expect(document.status == 400 && document.text.contains("version"))
            #expect(try await client.get("/v1/fleets/plant/check").status == 404)
            #expect(try await client.get("/v1/fleets/plant/diff").status != 200)
        }
    }
}
