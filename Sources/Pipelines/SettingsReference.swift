import Core

/// One setting of a server: its declaration is its documentation.
package struct Setting: Sendable {
    /// What a value looks like.
    package enum Kind: String, Sendable {
        case text, boolean, integer, duration, choice, path
    }

    /// The key in `fleetscore.yaml`; the environment variable is `FLEETSCORE_` and it in capitals.
    package let name: String
    package let kind: Kind
    /// What a value counts, empty when it counts nothing.
    package let unit: String
    /// The default as it would be written, empty for none.
    package let defaultText: String
    package let range: String
    package let sentence: String
    let apply: @Sendable (inout ServerSettings, String) throws(ScalarProblem) -> Void

    package var environmentVariable: String { "FLEETSCORE_" + name.uppercased() }

    /// All settings, in the order people look for them.
    package static let reference: [Setting] = addresses + streams + ingest + retentions

    private static let defaults = ServerSettings()

    private static let logLevels = [
        "trace", "debug", "info", "notice", "warning", "error", "critical",
    ]

    private static let addresses: [Setting] = [
        Setting(
            name: "listen",
            kind: .text,
            unit: "",
            defaultText: defaults.listen,
            range: "host:port, port 0 to 65535",
            sentence: "Where the API and the status pages listen; port 0 takes a free one.",
            apply: { settings, text throws(ScalarProblem) in
                settings.listen = try address(text)
            }
        ),
        Setting(
            name: "data_dir",
            kind: .path,
            unit: "",
            defaultText: defaults.dataDirectory,
            range: "a folder",
            sentence: "The folder that holds the event log, the databases and the blobs.",
            apply: { settings, text throws(ScalarProblem) in
                settings.dataDirectory = try path(text)
            }
        ),
        Setting(
            name: "log_level",
            kind: .choice,
            unit: "",
            defaultText: defaults.logLevel,
            range: logLevels.joined(separator: ", "),
            sentence: "The least severe log messages that are written.",
            apply: { settings, text throws(ScalarProblem) in
                settings.logLevel = try Scalar.choice(text, of: logLevels)
            }
        ),
        Setting(
            name: "token_file",
            kind: .path,
            unit: "",
            defaultText: "",
            range: "a file",
            sentence: "The file with the bearer token that API calls must show.",
            apply: { settings, text throws(ScalarProblem) in
                settings.tokenFile = try path(text)
            }
        ),
    ]

    private static let streams: [Setting] = [
        Setting(
            name: "partitions",
            kind: .integer,
            unit: "partitions",
            defaultText: String(defaults.partitionCount),
            range: "1 to 1024",
            sentence: "Partitions of the event log; fixed when the data folder is made.",
            apply: { settings, text throws(ScalarProblem) in
                settings.partitionCount = try Scalar.integer(text, in: 1...1024)
            }
        ),
        duration(
            "idle_after",
            \.idleAfter,
            .seconds(1) ... .seconds(86_400),
            "A partition without events for so long advances its watermark by the clock."
        ),
        Setting(
            name: "workers_max",
            kind: .integer,
            unit: "processes",
            defaultText: "",
            range: "1 to 1024",
            sentence: "Worker processes over all pipelines; one per core when not given.",
            apply: { settings, text throws(ScalarProblem) in
                settings.workerCountMax = try Scalar.integer(text, in: 1...1024)
            }
        ),
    ]

    private static let ingest: [Setting] = [
        Setting(
            name: "log",
            kind: .choice,
            unit: "",
            defaultText: defaults.log,
            range: "embedded, kafka",
            sentence: "Where accepted events are kept: files of this server, or a Kafka topic.",
            apply: { settings, text throws(ScalarProblem) in
                settings.log = try Scalar.choice(text, of: ["embedded", "kafka"])
            }
        ),
        Setting(
            name: "roles",
            kind: .text,
            unit: "",
            defaultText: defaults.roles.map(\.rawValue).joined(separator: ","),
            range: "some of ingest, aggregate, schedule, api",
            sentence: "What this process does; several processes can share a Kafka log.",
            apply: { settings, text throws(ScalarProblem) in settings.roles = try roles(text) }
        ),
        duration(
            "early_limit",
            \.earlyLimit,
            .seconds(1) ... .seconds(3650 * 86_400),
            "Events further ahead of the clock than this are rejected as early."
        ),
        Setting(
            name: "out_of_range",
            kind: .choice,
            unit: "",
            defaultText: defaults.outOfRange,
            range: "flag, reject",
            sentence: "What happens to values outside the limits that the registry has.",
            apply: { settings, text throws(ScalarProblem) in
                settings.outOfRange = try Scalar.choice(text, of: ["flag", "reject"])
            }
        ),
        integer(
            "series_max",
            \.seriesCountMax,
            1...100_000_000,
            "series",
            "Series that may appear by themselves; events of others go to the dead letters."
        ),
        integer(
            "lag_max",
            \.lagMax,
            1000...1_000_000_000,
            "events",
            "Events that may wait for their windows before senders are told to wait."
        ),
        duration(
            "silent_after",
            \.silentAfter,
            .seconds(1) ... .seconds(365 * 86_400),
            "A series is silent after so long, or three times its expected interval."
        ),
        duration(
            "expected_for",
            \.expectedFor,
            .seconds(60) ... .seconds(3650 * 86_400),
            "A series without a model is expected for so long after its last event."
        ),
    ]

    private static let retentions: [Setting] = [
        Setting(
            name: "capture",
            kind: .boolean,
            unit: "",
            defaultText: String(defaults.captures),
            range: "true or false",
            sentence: "Whether accepted events are also kept as Parquet files.",
            apply: { settings, text throws(ScalarProblem) in
                settings.captures = try Scalar.boolean(text)
            }
        ),
        duration(
            "capture_retention",
            \.captureRetention,
            retentionRange,
            "How long captured Parquet files are kept."
        ),
        duration(
            "log_retention",
            \.logRetention,
            retentionRange,
            "How long the event log is kept, never less than its readers need."
        ),
        duration(
            "predictions_retention",
            \.predictionsRetention,
            retentionRange,
            "How long predictions can be queried; published files stay."
        ),
    ]

    private static let retentionRange: ClosedRange<Duration> =
        .seconds(3600)
        ... .seconds(3650 * 86_400)

    private static func roles(_ text: String) throws(ScalarProblem) -> [ServerRole] {
        let words = text.split { $0 == "," || $0 == " " }.map(String.init)
        let known = ServerRole.allCases.map(\.rawValue)
        for word in words {
            if !known.contains(word) {
                throw ScalarProblem("\"\(word.prefix(40))\" is an " + unknown(word, known, "role"))
            }
        }
        guard !words.isEmpty else { throw ScalarProblem("must name a role") }
        return ServerRole.allCases.filter { words.contains($0.rawValue) }
    }

    private static func integer(
        _ name: String,
        _ path: any WritableKeyPath<ServerSettings, Int> & Sendable,
        _ range: ClosedRange<Int>,
        _ unit: String,
        _ sentence: String
    ) -> Setting {
        Setting(
            name: name,
            kind: .integer,
            unit: unit,
            defaultText: String(defaults[keyPath: path]),
            range: "\(range.lowerBound) to \(range.upperBound)",
            sentence: sentence,
            apply: { settings, text throws(ScalarProblem) in
                settings[keyPath: path] = try Scalar.integer(text, in: range)
            }
        )
    }

    private static func duration(
        _ name: String,
        _ path: any WritableKeyPath<ServerSettings, Duration> & Sendable,
        _ range: ClosedRange<Duration>,
        _ sentence: String
    ) -> Setting {
        Setting(
            name: name,
            kind: .duration,
            unit: "time with unit",
            defaultText: defaults[keyPath: path].text,
            range: "\(range.lowerBound.text) to \(range.upperBound.text)",
            sentence: sentence,
            apply: { settings, text throws(ScalarProblem) in
                settings[keyPath: path] = try Scalar.duration(text, in: range)
            }
        )
    }

    /// Checks `host:port`; an IPv6 host stands in brackets.
    private static func address(_ text: String) throws(ScalarProblem) -> String {
        let problem = ScalarProblem(
            "\"\(text.prefix(80))\" is not an address; write host:port with port 0 to 65535, "
                + "such as 127.0.0.1:8380"
        )
        guard let colon = text.lastIndex(of: ":") else { throw problem }
        let host = text[..<colon]
        let port = text[text.index(after: colon)...]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        guard !host.isEmpty, isBracketed || !host.contains(":"),
            !host.contains(where: \.isWhitespace),
            port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), UInt16(port) != nil
        else { throw problem }
        return text
    }

    private static func path(_ text: String) throws(ScalarProblem) -> String {
        guard !text.isEmpty, text.utf8.count <= 4096, !text.utf8.contains(0) else {
            throw ScalarProblem("must be a path of 1 to 4096 bytes")
        }
        return text
    }
}
