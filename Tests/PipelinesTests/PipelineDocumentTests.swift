import Core
import FoundationEssentials
import Pipelines
import Testing

@Suite("Pipeline document")
struct PipelineDocumentTests {
    static let whole = """
        version: 1
        name: plant
        windows: 1m                      # a window definition
        features: [mean]
        fleet: plant@production
        schedule: {every: 5m, time_zone: UTC, wait_for: {watermark: true, at_most: 10m}}
        compute: {target: local, min: 0, max: 2, idle: 60s}
        limits: {failed_items: 10%, item_timeout: 10s, run_timeout: 1h, retries: 2}
        outputs: {format: parquet}
        """

    static let head = "version: 1\nname: plant\nwindows: 1m\nfeatures: [mean]\nfleet: plant\n"

    @Test("The whole version 1 document is read")
    func wholeDocument() throws {
        let document = try PipelineDocument.parse(yaml: Self.whole, file: "pipeline.yaml")
        #expect(document.name == "plant")
        #expect(document.windows == "1m")
        #expect(document.features == .series([.mean]))
        #expect(document.fleet == FleetReference(name: "plant", target: .alias("production")))
        #expect(document.schedule?.schedule == .every(.seconds(300)))
        #expect(document.schedule?.waitAtMost == .seconds(600))
        #expect(document.schedule?.waitsForWatermark == true)
        #expect(document.compute == .init())
        #expect(document.limits == .init())
        #expect(document.outputs.format == .parquet)
    }

    @Test("A short document takes the defaults and has no schedule")
    func shortDocument() throws {
        let document = try PipelineDocument.parse(yaml: Self.head, file: "p.yaml")
        #expect(document.schedule == nil)
        #expect(document.fleet.description == "plant@production")
        #expect(document.limits.failedItems == .percent(10))
        #expect(document.limits.runTimeout == .seconds(3600))
    }

    @Test("Every value can differ from its default")
    func otherValues() throws {
        let yaml = """
            version: 1
            name: a-b_9
            windows: 10m
            features: [temperature.mean, vib.x.max]
            fleet: motors@3
            schedule: {cron: "0 6 * * MON-FRI", time_zone: Europe/Berlin, wait_for: {at_most: 0s}}
            compute: {min: 3, max: 1024, idle: 0s}
            limits: {failed_items: 7, item_timeout: 250ms, run_timeout: 1d, retries: 0}
            outputs: {format: csv}
            """
        let document = try PipelineDocument.parse(yaml: yaml, file: "p.yaml")
        #expect(document.features.isPerDevice)
        #expect(document.features.names == ["temperature.mean", "vib.x.max"])
        #expect(document.fleet.target == .version(3))
        #expect(document.schedule?.schedule.timeZone == "Europe/Berlin")
        #expect(document.schedule?.waitAtMost == .zero)
        #expect(document.compute.workerCountMin == 3)
        #expect(document.limits.failedItems == .count(7))
        #expect(document.limits.itemTimeout == .milliseconds(250))
        #expect(document.limits.retries == 0)
        #expect(document.outputs.format == .csv)
    }

    struct Wrong: Sendable {
        let tail: String
        let message: String

        init(_ tail: String, _ message: String) {
            self.tail = tail
            self.message = message
        }
    }

    static let names = "use 1 to 63 of a-z, 0-9, _ and -, beginning with a letter or a digit"

    @Test(
        "A wrong value is named with its line, path and what is allowed",
        arguments: [
            Wrong(
                "schedule: {evry: 5m}",
                "p.yaml:6 schedule.evry: unknown key; did you mean \"every\"?"
            ),
            Wrong("schedule:\n  time_zone: UTC", "p.yaml:7 schedule: needs every or cron"),
            Wrong(
                "schedule: {every: 5m, cron: 0 0 * * *}",
                "p.yaml:6 schedule.cron: cannot stand beside every; keep one of them"
            ),
            Wrong(
                "schedule:\n  every: 5 minutes",
                "p.yaml:7 schedule.every: \"5 minutes\" is not a duration; "
                    + "write a number and a unit, such as 30s, 5m or 1h"
            ),
            Wrong(
                "schedule: {every: 10ms}",
                "p.yaml:6 schedule.every: 10ms is out of range; must be 1s to 31d"
            ),
            Wrong("schedule: {every: }", "p.yaml:6 schedule.every: has no value"),
            Wrong(
                "schedule: 5m",
                "p.yaml:6 schedule: must be a mapping of keys, not a single value"
            ),
            Wrong(
                "schedule: {every: [5m]}",
                "p.yaml:6 schedule.every: must be a single value, not a list"
            ),
            Wrong(
                "schedule:\n  cron: */5 * * * *",
                "p.yaml:7: an expression that begins with * needs quotes, such as \"*/5 * * * *\""
            ),
            Wrong(
                "schedule: {cron: 0 0 30 2 *}",
                "p.yaml:6 schedule.cron: \"0 0 30 2 *\" never fires: "
                    + "no such day of the month exists"
            ),
            Wrong(
                "schedule: {every: 5m, wait_for: {watermark: yes}}",
                "p.yaml:6 schedule.wait_for.watermark: \"yes\" is not true or false"
            ),
            Wrong(
                "compute: {target: slurm}",
                "p.yaml:6 compute.target: \"slurm\" is an unknown value; use one of local"
            ),
            Wrong(
                "compute: {max: 2000}",
                "p.yaml:6 compute.max: 2000 is out of range; must be 1 to 1024"
            ),
            Wrong("compute: {min: 3, max: 2}", "p.yaml:6 compute.min: 3 is more than max (2)"),
            Wrong("compute: {min: 1.5}", "p.yaml:6 compute.min: \"1.5\" is not a whole number"),
            Wrong(
                "limits: {failed_items: 120%}",
                "p.yaml:6 limits.failed_items: \"120%\" is out of range; must be 0% to 100%"
            ),
            Wrong(
                "limits: {failed_items: some}",
                "p.yaml:6 limits.failed_items: \"some\" is neither a count "
                    + "nor a percentage such as 10%"
            ),
            Wrong(
                "limits: {retries: -1}",
                "p.yaml:6 limits.retries: -1 is out of range; must be 0 to 10"
            ),
            Wrong(
                "limits: {item_timeout: 10m, run_timeout: 1m}",
                "p.yaml:6 limits.item_timeout: item_timeout (10m) is longer than run_timeout (1m)"
            ),
            Wrong(
                "outputs: {format: parqet}",
                "p.yaml:6 outputs.format: \"parqet\" is an unknown value; "
                    + "did you mean \"parquet\"?"
            ),
            Wrong("name: other", "p.yaml:2: the key \"name\" is given twice"),
            Wrong(
                "a: &x [1]\nb: *x",
                "p.yaml:7: anchors and aliases (&name, *name) are not supported; repeat the value"
            ),
            Wrong(
                "outputs: &x {format: csv}",
                "p.yaml:6: anchors and aliases (&name, *name) are not supported; repeat the value"
            ),
        ]
    )
    func wrongValues(_ wrong: Wrong) throws {
        let checked = PipelineDocument.check(yaml: Self.head + wrong.tail, file: "p.yaml")
        #expect(checked.document == nil)
        #expect(checked.problems.first?.description == wrong.message)
        #expect(checked.problems.count == 1, "\(checked.problems)")
    }

    @Test(
        "A wrong first part is named too",
        arguments: [
            Wrong("name: plant", "p.yaml:1 version: is missing"),
            Wrong("version: 2", "p.yaml:1 version: \"2\" is not supported; must be 1"),
            Wrong(
                "version: 1\nname: Plant",
                "p.yaml:2 name: \"Plant\" is not a name; " + names
            ),
            Wrong(
                "version: 1\nfleet: a@b@c",
                "p.yaml:2 fleet: \"a@b@c\" is not a fleet; "
                    + "write name, name@alias or name@version"
            ),
            Wrong(
                "version: 1\nfleet: a@0",
                "p.yaml:2 fleet: \"0\" is neither an alias nor a version number from 1 up"
            ),
            Wrong(
                "version: 1\nfeatures: [men]",
                "p.yaml:2 features[0]: \"men\" is an unknown aggregate; did you mean \"mean\"?"
            ),
            Wrong(
                "version: 1\nfeatures: [mean, t.mean]",
                "p.yaml:2 features: mixes aggregates (mean) with sensor.aggregate "
                    + "(temperature.mean); use one kind"
            ),
            Wrong(
                "version: 1\nfeatures: [mean, mean]",
                "p.yaml:2 features[1]: \"mean\" is given twice"
            ),
            Wrong(
                "version: 1\nfeatures: []",
                "p.yaml:2 features: has 0 entries; must have 1 to 1024"
            ),
            Wrong(
                "version: 1\nfeatures: mean",
                "p.yaml:2 features: must be a list, not a single value"
            ),
            Wrong(
                "version: 1\nfeatures: [.mean]",
                "p.yaml:2 features[0]: \"\" is not a sensor name"
            ),
            Wrong("", "p.yaml:1: the document is empty"),
            Wrong("- a", "p.yaml:1: must be a mapping of keys, not a list"),
            Wrong("a: 1\n---\nb: 2", "p.yaml:2: not valid YAML: but found another document"),
            Wrong(
                "version: [1\n",
                "p.yaml:2: not valid YAML: "
                    + "did not find expected ',' or ']'"
            ),
        ]
    )
    func wrongHead(_ wrong: Wrong) {
        let problems = PipelineDocument.check(yaml: wrong.tail, file: "p.yaml").problems
        let lines = problems.map(\.description)
        #expect(lines.contains(wrong.message), "\(lines)")
    }

    @Test("All problems are reported together, in line order")
    func allProblems() throws {
        let yaml = "version: 1\nname: P\nwindow: 1m\nfleet: f\nlimits: {retries: x, retry: 1}\n"
        let checked = PipelineDocument.check(yaml: yaml, file: "p.yaml")
        #expect(
            checked.problems.map(\.path) == [
                "windows", "features", "name", "window", "limits.retry", "limits.retries",
            ]
        )
        let error = #expect(throws: FleetError.self) {
            try PipelineDocument.parse(yaml: yaml, file: "p.yaml")
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "p.yaml:1 windows: is missing (and 5 more)")
    }

    @Test("An unknown zone is refused on its line")
    func unknownZone() {
        let yaml = Self.head + "schedule:\n  cron: 0 0 * * *\n  time_zone: Europe/Berln"
        let problems = PipelineDocument.check(yaml: yaml, file: "p.yaml").problems
        #expect(problems.map(\.line) == [8])
        #expect(problems.first?.path == "schedule.time_zone")
    }

    @Test("A window definition the server does not have is refused with a suggestion")
    func unknownWindows() throws {
        let document = try PipelineDocument.parse(yaml: Self.head, file: "p.yaml")
        #expect(document.problems(amongWindows: ["1m"], file: "p.yaml").isEmpty)
        let problem = document.problems(amongWindows: ["5m"], file: "p.yaml").first
        #expect(problem?.message.hasPrefix("\"1m\" is an unknown window definition") == true)
    }

    @Test("The starter document parses")
    func starter() throws {
        let yaml = PipelineDocument.starter(name: "plant", windows: "1m", fleet: "plant@production")
        let document = try PipelineDocument.parse(yaml: yaml, file: "plant.yaml")
        #expect(try document == PipelineDocument.parse(yaml: Self.whole, file: "p.yaml"))
    }

    @Test("Its JSON is a document with the same content")
    func json() throws {
        let document = try PipelineDocument.parse(yaml: Self.whole, file: "p.yaml")
        let json = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
        #expect(json.contains("\"at_most\":\"10m\""))
        // JSON is YAML, so the same reader checks it.
        #expect(try PipelineDocument.parse(yaml: json, file: "p.json") == document)
    }
}
