import Core
import Store

/// What every ``Catalog`` promises, as checks for the twin and the drivers alike.
package enum CatalogContract {
    package static let checks: [CatalogCheck] = [
        CatalogCheck("lease epochs rise per role", leases),
        CatalogCheck("fleet versions are added once and listed newest first", fleetVersions),
        CatalogCheck("an alias points at an existing version and moves", aliases),
        CatalogCheck("every move of an alias is kept, newest first", aliasChanges),
        CatalogCheck("a pipeline keeps every version of its document", documents),
        CatalogCheck("publishing again keeps the mark and the pause", marks),
        CatalogCheck("attempts count per pipeline and interval", attempts),
        CatalogCheck("a refused run changes nothing", refusedRun),
        CatalogCheck("every changeable field of a run is kept", changes),
        CatalogCheck("a run in a final state cannot change", finalStates),
        CatalogCheck("skipped triggers and the mark move together", skips),
        CatalogCheck("an interval holds the ends after its start up to its end", intervals),
        CatalogCheck("publishing ends the run and sets the attempt", publishes),
        CatalogCheck("publishing with a stale epoch changes nothing", stalePublish),
        CatalogCheck("a lower attempt never replaces a higher one", lowerAttempt),
        CatalogCheck("publications come newest interval first", publicationOrder),
        CatalogCheck("a closed catalog is unavailable", closed),
    ]

    private typealias Samples = StoreSamples

    @Sendable private static func leases(_ catalog: any Catalog) async throws {
        let now = Samples.minute(0)
        try same(try await catalog.takeLease(role: "schedule", holder: "a", at: now), 1)
        try same(try await catalog.takeLease(role: "schedule", holder: "b", at: now), 2)
        try same(try await catalog.takeLease(role: "aggregate", holder: "a", at: now), 1)
        try same(try await catalog.takeLease(role: "schedule", holder: "b", at: now), 3)
    }

    private static func version(_ fleet: String, _ number: Int) -> FleetVersion {
        FleetVersion(
            fleet: fleet,
            version: number,
            createdAt: Samples.minute(Int64(number)),
            packKey: "fleets/\(fleet)/\(number)/pack",
            packDigest: "abc",
            keyPattern: "{device}",
            modelCount: 10 + number,
            errorCount: 1,
            warningCount: 2
        )
    }

    @Sendable private static func fleetVersions(_ catalog: any Catalog) async throws {
        try same(try await catalog.nextFleetVersion("plant"), 1)
        for (fleet, number) in [("plant", 1), ("plant", 2), ("a", 1)] {
            try await catalog.add(version(fleet, number))
        }
        try same(try await catalog.nextFleetVersion("plant"), 3)
        try await refuses(.conflict) { try await catalog.add(version("plant", 2)) }
        try same(
            try await catalog.fleetVersions(nil),
            [version("a", 1), version("plant", 2), version("plant", 1)]
        )
        try same(try await catalog.fleetVersions("a"), [version("a", 1)])
        try same(try await catalog.fleetVersion("plant", 1), version("plant", 1))
        try await refuses(.notFound) { _ = try await catalog.fleetVersion("plant", 9) }
    }

    @Sendable private static func aliases(_ catalog: any Catalog) async throws {
        try await catalog.add(version("plant", 1))
        try await catalog.add(version("plant", 2))
        func alias(_ name: String, _ number: Int, _ reason: String?) -> FleetAlias {
            FleetAlias(
                fleet: "plant",
                alias: name,
                version: number,
                changedAt: Samples.minute(1),
                reason: reason
            )
        }
        try await catalog.setAlias(alias("production", 1, nil))
        try await catalog.setAlias(alias("candidate", 2, nil))
        try await catalog.setAlias(alias("production", 2, "known drift"))
        try await refuses(.notFound) { try await catalog.setAlias(alias("production", 3, nil)) }
        try same(
            try await catalog.aliases("plant"),
            [alias("candidate", 2, nil), alias("production", 2, "known drift")]
        )
        try same(try await catalog.aliases("other"), [])
        try same(try await catalog.aliases(nil).count, 2)
    }

    @Sendable private static func aliasChanges(_ catalog: any Catalog) async throws {
        try await catalog.add(version("plant", 1))
        try await catalog.add(version("plant", 2))
        func alias(_ number: Int, _ reason: String?) -> FleetAlias {
            FleetAlias(
                fleet: "plant",
                alias: "production",
                version: number,
                changedAt: Samples.minute(Int64(number)),
                reason: reason
            )
        }
        try await catalog.setAlias(alias(1, nil), action: .import)
        try await catalog.setAlias(alias(2, "drift"))
        try await catalog.setAlias(alias(1, nil), action: .rollback)
        try await refuses(.notFound) { try await catalog.setAlias(alias(9, nil)) }
        try same(
            try await catalog.aliasChanges("plant"),
            [
                AliasChange(alias(1, nil), action: .rollback),
                AliasChange(alias(2, "drift"), action: .promote),
                AliasChange(alias(1, nil), action: .import),
            ]
        )
        try same(try await catalog.aliasChanges("other"), [])
    }

    @Sendable private static func documents(_ catalog: any Catalog) async throws {
        let first = try await catalog.publishPipeline(
            name: "plant",
            document: "one",
            at: Samples.minute(1),
            scheduledThrough: nil
        )
        try same(first.version, 1)
        let second = try await catalog.publishPipeline(
            name: "plant",
            document: "two",
            at: Samples.minute(2),
            scheduledThrough: nil
        )
        try same(try await catalog.pipeline("plant"), second)
        try same(second.version, 2)
        try same(second.publishedAt, Samples.minute(2))
        try same(try await catalog.pipelineDocument("plant", version: 1), "one")
        try same(try await catalog.pipelineDocument("plant", version: 2), "two")
        try await refuses(.notFound) {
            _ = try await catalog.pipelineDocument("plant", version: 3)
        }
        try await refuses(.notFound) { _ = try await catalog.pipeline("other") }
        try await refuses(.notFound) {
            _ = try await catalog.pipelineDocument("other", version: 1)
        }
    }

    @Sendable private static func marks(_ catalog: any Catalog) async throws {
        let now = Samples.minute(1)
        _ = try await catalog.publishPipeline(
            name: "b",
            document: "",
            at: now,
            scheduledThrough: nil
        )
        var record = try await catalog.publishPipeline(
            name: "b",
            document: "",
            at: now,
            scheduledThrough: Samples.minute(5)
        )
        try same(record.scheduledThrough, Samples.minute(5), "a mark that was nil")
        try await catalog.setPaused("b", true)
        record = try await catalog.publishPipeline(
            name: "b",
            document: "",
            at: now,
            scheduledThrough: Samples.minute(9)
        )
        try same(record.scheduledThrough, Samples.minute(5), "a known mark")
        try same(record.isPaused, true)
        try await catalog.setPaused("b", false)
        try same(try await catalog.pipeline("b").isPaused, false)
        try await refuses(.notFound) { try await catalog.setPaused("other", true) }
        _ = try await catalog.publishPipeline(
            name: "a",
            document: "",
            at: now,
            scheduledThrough: nil
        )
        try same(try await catalog.pipelines().map(\.name), ["a", "b"])
    }

    @discardableResult
    private static func addRun(
        _ catalog: any Catalog,
        _ id: String,
        _ from: Int64,
        _ to: Int64,
        pipeline: String = "plant",
        mark: Timestamp? = nil
    ) async throws -> RunRecord {
        try await catalog.addRun(
            id: id,
            pipeline: pipeline,
            pipelineVersion: 1,
            interval: try Samples.interval(from, to),
            fleet: "plant@production",
            trigger: .schedule,
            at: Samples.minute(to),
            scheduledThrough: mark
        )
    }

    private static func addPipeline(_ catalog: any Catalog, _ name: String = "plant") async throws {
        _ = try await catalog.publishPipeline(
            name: name,
            document: "",
            at: Samples.minute(0),
            scheduledThrough: nil
        )
    }

    @Sendable private static func attempts(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        try await addPipeline(catalog, "other")
        let first = try await addRun(catalog, "r1", 0, 5, mark: Samples.minute(5))
        try same(first.attempt, 1)
        try same(first.state, .waiting)
        try same(try await addRun(catalog, "r2", 5, 10).attempt, 1)
        try same(try await addRun(catalog, "r3", 0, 5).attempt, 2)
        try same(try await addRun(catalog, "r4", 0, 5, pipeline: "other").attempt, 1)
        try same(try await catalog.pipeline("plant").scheduledThrough, Samples.minute(5))
        try same(try await catalog.run("r1"), first)
        try same(try await catalog.runs(pipeline: "plant", limit: 2).map(\.id), ["r3", "r2"])
        try same(try await catalog.runs(pipeline: nil, limit: 9).map(\.id).first, "r4")
        try same(try await catalog.unfinishedRuns().map(\.id), ["r1", "r2", "r3", "r4"])
        let interval = try Samples.interval(0, 5)
        try same(
            try await catalog.latestRun(pipeline: "plant", interval: interval)?.id,
            "r3"
        )
        let unknown = try Samples.interval(0, 6)
        try same(try await catalog.latestRun(pipeline: "plant", interval: unknown), nil)
        try await refuses(.notFound) { _ = try await catalog.run("r9") }
    }

    @Sendable private static func refusedRun(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        try await addRun(catalog, "r1", 0, 5, mark: Samples.minute(5))
        try await refuses(.conflict) {
            try await addRun(catalog, "r1", 5, 10, mark: Samples.minute(10))
        }
        try await refuses(.notFound) {
            try await addRun(catalog, "r2", 5, 10, pipeline: "other")
        }
        try same(try await catalog.pipeline("plant").scheduledThrough, Samples.minute(5))
        try same(try await catalog.runs(pipeline: nil, limit: 9).count, 1)
    }

    @Sendable private static func changes(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        var run = try await addRun(catalog, "r1", 0, 5)
        run.state = .running
        run.fleet = "plant@candidate"
        run.fleetVersion = 7
        run.startedAt = Samples.minute(6)
        run.windowSequence = 42
        for (index, status) in ItemStatus.allCases.enumerated() { run.items[status] = index + 1 }
        run.taskCount = 3
        run.tasksDone = 2
        run.rowCount = 100
        run.anomalyCount = 5
        run.workerSeconds = 1.25
        run.message = "two of three tasks done"
        run.manifestKey = "m"
        try await catalog.update(run)
        try same(try await catalog.run("r1"), run)
        run.message = nil
        run.endedAt = Samples.minute(9)
        try await catalog.update(run)
        try same(try await catalog.run("r1"), run)
    }

    @Sendable private static func finalStates(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        for (number, state) in RunState.allCases.filter(\.isFinal).enumerated() {
            var run = try await addRun(catalog, "r\(number)", 0, 5)
            run.state = state
            try await catalog.update(run)
            run.message = "too late"
            run.state = .running
            try await refuses(.conflict) { [run] in try await catalog.update(run) }
            try same(try await catalog.run(run.id).message, nil)
            try same(try await catalog.run(run.id).state, state)
        }
        try same(try await catalog.unfinishedRuns(), [])
        let other = RunRecord(
            id: "none",
            pipeline: "plant",
            pipelineVersion: 1,
            interval: try Samples.interval(0, 5),
            attempt: 1,
            trigger: .manual,
            createdAt: Samples.minute(1),
            state: .waiting,
            fleet: "plant"
        )
        try await refuses(.notFound) { try await catalog.update(other) }
    }

    @Sendable private static func skips(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        func skipped(_ pipeline: String, _ from: Int64) throws -> SkippedTrigger {
            SkippedTrigger(
                pipeline: pipeline,
                interval: try Samples.interval(from, from + 5),
                decidedAt: Samples.minute(20),
                reason: "overlap: skip"
            )
        }
        let two = [try skipped("plant", 0), try skipped("plant", 5)]
        try await catalog.skip(two, scheduledThrough: Samples.minute(10))
        try same(try await catalog.pipeline("plant").scheduledThrough, Samples.minute(10))
        let mixed = [try skipped("plant", 10), try skipped("none", 10)]
        try await refuses(.notFound) {
            try await catalog.skip(mixed, scheduledThrough: Samples.minute(15))
        }
        try same(try await catalog.pipeline("plant").scheduledThrough, Samples.minute(10))
        try same(
            try await catalog.skippedTriggers(pipeline: "plant", limit: 9),
            [two[1], two[0]]
        )
        try same(try await catalog.skippedTriggers(pipeline: "plant", limit: 1), [two[1]])
        try same(try await catalog.skippedTriggers(pipeline: "none", limit: 9), [])
    }

    @Sendable private static func intervals(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        try await addPipeline(catalog, "other")
        for (id, from, to) in [("r1", 0, 5), ("r2", 5, 10), ("r3", 0, 5), ("r4", 20, 30)] {
            try await addRun(catalog, id, Int64(from), Int64(to))
        }
        try await addRun(catalog, "r5", 0, 30, pipeline: "other")
        let (first, second) = (try Samples.interval(0, 5), try Samples.interval(5, 10))
        let cases: [(ends: [Int64], expected: [TimeInterval])] = [
            ([], []), ([0], []), ([1], [first]), ([5], [first]), ([6], [second]),
            ([10], [second]), ([11, 15, 20], []), ([5, 6], [first, second]),
            ([30, 3], [first, try Samples.interval(20, 30)]),
        ]
        for (ends, expected) in cases {
            let ends = ends.map { Samples.minute($0).microseconds }
            try same(
                try await catalog.runIntervals(pipeline: "plant", containingEnds: ends),
                expected
            )
        }
    }

    @Sendable private static func publishes(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        let epoch = try await catalog.takeLease(role: "schedule", holder: "a", at: .distantPast)
        var run = try await addRun(catalog, "r1", 0, 5)
        let publication = try Samples.publication(run: "r1", attempt: 1, 0, 5)
        try await refuses(.invalidArgument) { [run] in
            try await catalog.publish(publication, run: run, role: "schedule", epoch: epoch)
        }
        run.state = .publishedWithFailures
        run.items[.scored] = 3
        let other = try Samples.publication(run: "r1", attempt: 2, 0, 5)
        try await refuses(.invalidArgument) { [run] in
            try await catalog.publish(other, run: run, role: "schedule", epoch: epoch)
        }
        let interval = publication.interval
        try same(try await catalog.publication(pipeline: "plant", interval: interval), nil)
        try await catalog.publish(publication, run: run, role: "schedule", epoch: epoch)
        try same(
            try await catalog.publication(pipeline: "plant", interval: interval),
            publication
        )
        try same(try await catalog.run("r1"), run)
        try await refuses(.conflict) { [run] in
            try await catalog.publish(publication, run: run, role: "schedule", epoch: epoch)
        }
    }

    @Sendable private static func stalePublish(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        let old = try await catalog.takeLease(role: "schedule", holder: "a", at: .distantPast)
        var run = try await addRun(catalog, "r1", 0, 5)
        _ = try await catalog.takeLease(role: "schedule", holder: "b", at: .distantPast)
        run.state = .published
        let publication = try Samples.publication(run: "r1", attempt: 1, 0, 5)
        for (role, epoch) in [("schedule", old), ("schedule", old + 2), ("none", 1)] {
            try await refuses(.conflict) { [run] in
                try await catalog.publish(publication, run: run, role: role, epoch: epoch)
            }
        }
        try same(try await catalog.run("r1").state, .waiting)
        try same(try await catalog.publications(pipeline: nil, limit: 9), [])
        try await catalog.publish(publication, run: run, role: "schedule", epoch: old + 1)
    }

    @Sendable private static func lowerAttempt(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        let epoch = try await catalog.takeLease(role: "schedule", holder: "a", at: .distantPast)
        var runs: [RunRecord] = []
        for id in ["r1", "r2", "r3"] {
            var run = try await addRun(catalog, id, 0, 5)
            run.state = .published
            runs.append(run)
        }
        func publish(_ index: Int) async throws {
            let publication = try Samples.publication(
                run: runs[index].id,
                attempt: index + 1,
                0,
                5
            )
            try await catalog.publish(
                publication,
                run: runs[index],
                role: "schedule",
                epoch: epoch
            )
        }
        try await publish(1)
        try await refuses(.conflict) { try await publish(0) }
        try same(try await catalog.run("r1").state, .waiting)
        try await publish(2)
        try same(try await catalog.publications(pipeline: "plant", limit: 9).map(\.run), ["r3"])
    }

    @Sendable private static func publicationOrder(_ catalog: any Catalog) async throws {
        try await addPipeline(catalog)
        let epoch = try await catalog.takeLease(role: "schedule", holder: "a", at: .distantPast)
        for (id, from) in [("r1", 5), ("r2", 10), ("r3", 0)] {
            var run = try await addRun(catalog, id, Int64(from), Int64(from + 5))
            run.state = .published
            let publication = try Samples.publication(
                run: id,
                attempt: 1,
                Int64(from),
                Int64(from + 5)
            )
            try await catalog.publish(publication, run: run, role: "schedule", epoch: epoch)
        }
        try same(
            try await catalog.publications(pipeline: nil, limit: 9).map(\.run),
            ["r2", "r1", "r3"]
        )
        try same(try await catalog.publications(pipeline: "plant", limit: 1).map(\.run), ["r2"])
        try same(try await catalog.publications(pipeline: "other", limit: 9), [])
    }

    @Sendable private static func closed(_ catalog: any Catalog) async throws {
        await catalog.close()
        try await refuses(.unavailable) { _ = try await catalog.pipelines() }
        try await refuses(.unavailable) { try await addPipeline(catalog) }
        await catalog.close()
    }
}
