import Core
import Testing

extension ProcessTests {
    @Suite(
        "The status page in a browser",
        .enabled(if: Binary.isThere && ReferenceData.isThere, "\(ReferenceData.absence)"),
        .enabled(if: Binary.has("chromium"), "chromium is not installed: the page is not looked at")
    )
    struct StatusPageTests {
        @Test("a browser shows runs, items by status and a chart with its anomalies")
        func aBrowserShowsIt() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                "pipeline.yaml",
                """
                version: 1
                name: plant
                windows: 1m
                features: [mean]
                fleet: plant@1
                """
            )
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            for command in [
                ["events", "send", ReferenceData.readings, "--complete"],
                ["fleets", "import", "plant", ReferenceData.models],
                ["pipelines", "publish", "pipeline.yaml"],
                [
                    "runs", "start", "plant", "--wait", "--interval",
                    "2018-08-28T23:00Z/2018-08-29T04:00Z",
                ],
            ] {
                let answer = try await server.run(command, in: folder)
                #expect(answer.exitCode == 0, "\(command) \(answer)")
            }
            let page = try await Binary.output(
                of: "chromium",
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                    "--user-data-dir=\(folder.at("browser"))", server.address + "/?key=1/1",
                ],
                in: folder
            )
            #expect(page.contains("<polyline"), "the chart has a line")
            #expect(page.contains("anomaly at 2018-08-2"), "anomalies are marked")
            #expect(page.contains("published"), "the run is listed")
            #expect(page.contains("17,768"), "events are counted")
            #expect(page.contains("no_model") && page.contains("quarantined"))
            try await server.expectCleanEnd()
        }
    }
}
