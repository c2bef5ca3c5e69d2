import Testing

extension ProcessTests {
    @Suite(
        "Wrong settings of sources",
        .enabled(if: Binary.isThere, "needs the fleetscore binary")
    )
    struct SourceSettingsTests {
        struct Wrong: Sendable {
            /// The lines of the source after its url.
            let lines: String
            /// The line and key that both answers name.
            let place: String
            let says: String
        }

        private static let wrong = [
            Wrong(
                lines: "topics: [\"a/#/b\"]",
                place: "f.yaml:4 sources[0].mqtt.topics[0]: ",
                says: "goes on after #"
            ),
            Wrong(
                lines: "topics:\n        - a/{device}\n        - a/{device}/{device}",
                place: "f.yaml:6 sources[0].mqtt.topics[1]: ",
                says: "names {device} twice"
            ),
            Wrong(
                lines: "topics: [\"a/x{device}\"]",
                place: "f.yaml:4 sources[0].mqtt.topics[0]: ",
                says: "has the level \"x{device}\""
            ),
            Wrong(
                lines: "topics: [\"$share/g/a/{device}\"]",
                place: "f.yaml:4 sources[0].mqtt.topics[0]: ",
                says: "set share_group to the group"
            ),
            Wrong(
                lines: "topics: []",
                place: "f.yaml:4 sources[0].mqtt.topics: ",
                says: "empty list"
            ),
            Wrong(
                lines: "topics: [a]\n      password_file: secret",
                place: "f.yaml:5 sources[0].mqtt.password_file: ",
                says: "needs a username"
            ),
            Wrong(
                lines: "topics: [a]\n      share_group: a/b",
                place: "f.yaml:5 sources[0].mqtt.share_group: ",
                says: "without /"
            ),
            Wrong(
                lines: "topics: [a]\n      key_file: key.pem",
                place: "f.yaml:3 sources[0].mqtt.cert_file: ",
                says: "go together"
            ),
        ]

        @Test("a check refuses the sources that a server refuses, with file and line")
        func refused() async throws {
            let folder = try TemporaryFolder()
            for wrong in Self.wrong {
                try folder.write(
                    "f.yaml",
                    "sources:\n  - mqtt:\n      url: mqtts://localhost\n      \(wrong.lines)\n"
                )
                for answer in try await Binary.refusals(of: "f.yaml", in: folder) {
                    #expect(answer.errors.contains(wrong.place), "\(answer)")
                    #expect(answer.errors.contains(wrong.says), "\(answer)")
                }
            }
        }

        @Test("a topic without brokers is refused, and good sources are fine")
        func others() async throws {
            let folder = try TemporaryFolder()
            try folder.write("f.yaml", "log: kafka\nkafka:\n  brokers: []\n")
            let check = try await Binary.run(["config", "check", "f.yaml"], in: folder)
            #expect(check.exitCode == 2, "\(check)")
            #expect(check.errors.contains("f.yaml:3 kafka.brokers: is an empty list"), "\(check)")
            try folder.write(
                "f.yaml",
                """
                sources:
                  - mqtt:
                      url: mqtts://localhost
                      topics: ["a/{device}/{sensor}", "b/#"]
                      username: ann
                      password_file: secret
                      share_group: scorers

                """
            )
            let fine = try await Binary.run(["config", "check", "f.yaml"], in: folder)
            #expect(fine.exitCode == 0 && fine.errors.isEmpty, "\(fine)")
        }
    }
}
