import Core
import Pipelines
import Testing

@Suite("Server settings")
struct ServerSettingsTests {
    @Test("Settings and windows are read from one document")
    func parse() throws {
        let yaml = """
            listen: "[::1]:9000"
            data_dir: /var/lib/fleetscore
            log_level: debug
            idle_after: 1m
            partitions: 4
            capture: false
            capture_retention: 90d
            log_retention: 12h
            token_file: token
            workers_max: 8
            predictions_retention: 1w
            windows:
              - {name: 1m, size: 1m, allowed_lateness: 0s, where: "value > -50"}
              - {name: hour, size: 1h}
            """
        let document = try ServerDocument.parse(yaml: yaml, file: "fleetscore.yaml")
        var expected = ServerSettings()
        expected.listen = "[::1]:9000"
        expected.dataDirectory = "/var/lib/fleetscore"
        expected.logLevel = "debug"
        expected.idleAfter = .seconds(60)
        expected.partitionCount = 4
        expected.captures = false
        expected.captureRetention = .seconds(90 * 86_400)
        expected.logRetention = .seconds(12 * 3600)
        expected.tokenFile = "token"
        expected.workerCountMax = 8
        expected.predictionsRetention = .seconds(7 * 86_400)
        #expect(document.settings == expected)
        #expect(document.givenSettings.count == 11)
        #expect(
            document.windows == [
                WindowSetting(
                    name: "1m",
                    size: .seconds(60),
                    allowedLateness: .zero,
                    filter: "value > -50"
                ),
                WindowSetting(
                    name: "hour",
                    size: .seconds(3600),
                    allowedLateness: .seconds(30),
                    filter: nil
                ),
            ]
        )
        #expect(try WindowSettings.parse(yaml: yaml, file: "f") == document.windows)
    }

    @Test("The starter parses, keeps the defaults and defines 1m")
    func starter() throws {
        let document = try ServerDocument.parse(yaml: ServerDocument.starter, file: "f")
        #expect(document.settings == ServerSettings())
        #expect(
            document.windows == [
                WindowSetting(
                    name: "1m",
                    size: .seconds(60),
                    allowedLateness: .seconds(30),
                    filter: nil
                )
            ]
        )
    }

    @Test(
        "A wrong setting is named with what is allowed",
        arguments: [
            ("lisen: x:1", "f:1 lisen: unknown key; did you mean \"listen\"?"),
            (
                "listen: 8380",
                "f:1 listen: \"8380\" is not an address; write host:port with port 0 to 65535, "
                    + "such as 127.0.0.1:8380"
            ),
            (
                "listen: h:70000",
                "f:1 listen: \"h:70000\" is not an address; write host:port with port 0 to "
                    + "65535, such as 127.0.0.1:8380"
            ),
            ("partitions: 0", "f:1 partitions: 0 is out of range; must be 1 to 1024"),
            ("capture: on", "f:1 capture: \"on\" is not true or false"),
            ("log_retention: 1s", "f:1 log_retention: 1s is out of range; must be 1h to 3650d"),
            (
                "log_level: loud",
                "f:1 log_level: \"loud\" is an unknown value; use one of trace, debug, info, "
                    + "notice, warning, error, critical"
            ),
            ("windows: 1m", "f:1 windows: must be a list, not a single value"),
            ("windows:\n  - {name: a}", "f:2 windows[0].size: is missing"),
            (
                "windows:\n  - {name: a, size: 1m, allowed_latenes: 1s}",
                "f:2 windows[0].allowed_latenes: unknown key; did you mean \"allowed_lateness\"?"
            ),
            (
                "windows:\n  - {name: a, size: 1m}\n  - {name: a, size: 2m}",
                "f:3 windows[1].name: \"a\" is given twice"
            ),
            (
                "windows:\n  - {name: a, size: 0s}",
                "f:2 windows[0].size: 0s is out of range; must be 1s to 7d"
            ),
        ]
    )
    func wrong(_ yaml: String, _ message: String) {
        let checked = ServerDocument.check(yaml: yaml, file: "f")
        #expect(checked.document == nil)
        #expect(checked.problems.map(\.description) == [message])
    }

    @Test("What those who build windows refuse is reported at the key's line, once")
    func windowCheck() {
        let yaml = """
            windows:
              - {name: fine, size: 1m}
              - name: hot
                size: 1m
                where: "valu > 5"
              - {name: worse, size: 1m, slide: 2m}
            """
        let checked = ServerDocument.check(yaml: yaml, file: "f") { setting in
            setting.name == "fine" ? nil : WindowProblem(key: "where", "\(setting.name) is refused")
        }
        #expect(checked.document == nil)
        #expect(
            checked.problems.map(\.description) == [
                "f:5 windows[1].where: hot is refused",
                "f:6 windows[2].slide: is longer than the size of 1m",
            ]
        )
    }

    @Test("Every default in the reference sets the value it stands for")
    func defaultsApply() throws {
        var settings = ServerSettings()
        for setting in Setting.reference where !setting.defaultText.isEmpty {
            try settings.set(setting.name, to: setting.defaultText)
        }
        #expect(settings == ServerSettings())
        #expect(Set(Setting.reference.map(\.name)).count == Setting.reference.count)
        for setting in Setting.reference {
            #expect(setting.sentence.hasSuffix("."))
            #expect(!setting.range.isEmpty)
        }
    }

    @Test("A setting from the environment is checked alike")
    func setByName() {
        var settings = ServerSettings()
        let range = #expect(throws: FleetError.self) { try settings.set("partitions", to: "x") }
        #expect(range?.message == "partitions: \"x\" is not a whole number")
        let name = #expect(throws: FleetError.self) { try settings.set("partition", to: "1") }
        #expect(name?.message == "partition: unknown setting; did you mean \"partitions\"?")
    }
}
