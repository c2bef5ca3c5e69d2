package import Core

/// The catalog in memory: the twin that tests and one-off commands use.
package actor MemoryCatalog: Catalog {
    private struct Pipeline {
        var record: PipelineRecord
        var documents: [String]
    }

    private struct Slot: Hashable {
        let pipeline: String
        let interval: TimeInterval
    }

    private var epochs: [String: Int64] = [:]
    private var versions: [FleetVersion] = []
    private var aliasList: [FleetAlias] = []
    private var changes: [AliasChange] = []
    private var pipelineTable: [String: Pipeline] = [:]
    /// In order of addition.
    private var runList: [RunRecord] = []
    private var skipped: [SkippedTrigger] = []
    private var published: [Slot: Publication] = [:]
    private var isClosed = false

    package init() {}

    package func takeLease(role: String, holder: String, at now: Timestamp) throws -> Int64 {
        try checkOpen()
        let epoch = epochs[role, default: 0] + 1
        epochs[role] = epoch
        return epoch
    }

    package func close() {
        isClosed = true
    }

    private func checkOpen() throws {
        if isClosed { throw StoreErrors.closed("the catalog") }
    }
}

// Fleets.
extension MemoryCatalog {
    package func nextFleetVersion(_ fleet: String) throws -> Int {
        try checkOpen()
        return (versions.filter { $0.fleet == fleet }.map(\.version).max() ?? 0) + 1
    }

    package func add(_ version: FleetVersion) throws {
        try checkOpen()
        guard find(version.fleet, version.version) == nil else {
            throw StoreErrors.fleetVersionExists(version.fleet, version.version)
        }
        versions.append(version)
    }

    package func fleetVersions(_ fleet: String?) throws -> [FleetVersion] {
        try checkOpen()
        return versions.filter { fleet == nil || $0.fleet == fleet }.sorted {
            $0.fleet == $1.fleet
                ? $0.version > $1.version : $0.fleet.precedesBytewise($1.fleet)
        }
    }

    package func fleetVersion(_ fleet: String, _ version: Int) throws -> FleetVersion {
        try checkOpen()
        guard let found = find(fleet, version) else {
            throw StoreErrors.noFleetVersion(fleet, version)
        }
        return found
    }

    package func setAlias(_ alias: FleetAlias, action: AliasChange.Action) throws {
        try checkOpen()
        guard find(alias.fleet, alias.version) != nil else {
            throw StoreErrors.noFleetVersion(alias.fleet, alias.version)
        }
        aliasList.removeAll { $0.fleet == alias.fleet && $0.alias == alias.alias }
        aliasList.append(alias)
        changes.append(AliasChange(alias, action: action))
    }

    package func aliasChanges(_ fleet: String) throws -> [AliasChange] {
        try checkOpen()
        return changes.filter { $0.fleet == fleet }.reversed()
    }

    package func aliases(_ fleet: String?) throws -> [FleetAlias] {
        try checkOpen()
        return aliasList.filter { fleet == nil || $0.fleet == fleet }.sorted {
            $0.fleet == $1.fleet
                ? $0.alias.precedesBytewise($1.alias) : $0.fleet.precedesBytewise($1.fleet)
        }
    }

    private func find(_ fleet: String, _ version: Int) -> FleetVersion? {
        versions.first { $0.fleet == fleet && $0.version == version }
    }
}

// Pipelines.
extension MemoryCatalog {
    package func publishPipeline(
        name: String,
        document: String,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) throws -> PipelineRecord {
        try checkOpen()
        let known = pipelineTable[name]
        let record = PipelineRecord(
            name: name,
            version: (known?.record.version ?? 0) + 1,
            document: document,
            publishedAt: now,
            isPaused: known?.record.isPaused ?? false,
            scheduledThrough: known?.record.scheduledThrough ?? scheduledThrough
        )
        pipelineTable[name] = Pipeline(
            record: record,
            documents: (known?.documents ?? []) + [document]
        )
        return record
    }

    package func pipelines() throws -> [PipelineRecord] {
        try checkOpen()
        return pipelineTable.values.map(\.record).sorted { $0.name.precedesBytewise($1.name) }
    }

    package func pipeline(_ name: String) throws -> PipelineRecord {
        try known(name).record
    }

    package func pipelineDocument(_ name: String, version: Int) throws -> String {
        let documents = try known(name).documents
        guard version >= 1, version <= documents.count else {
            throw StoreErrors.noPipelineVersion(name, version)
        }
        return documents[version - 1]
    }

    package func setPaused(_ name: String, _ paused: Bool) throws {
        var pipeline = try known(name)
        pipeline.record.isPaused = paused
        pipelineTable[name] = pipeline
    }

    private func known(_ name: String) throws -> Pipeline {
        try checkOpen()
        guard let pipeline = pipelineTable[name] else { throw StoreErrors.noPipeline(name) }
        return pipeline
    }

    /// The mark never goes back, so that no interval is decided twice.
    private func move(_ name: String, to mark: Timestamp) {
        let old = pipelineTable[name]?.record.scheduledThrough ?? mark
        pipelineTable[name]?.record.scheduledThrough = max(old, mark)
    }
}

// Runs.
extension MemoryCatalog {
    package func addRun(
        id: String,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval,
        fleet: String,
        trigger: RunTrigger,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) throws -> RunRecord {
        _ = try known(pipeline)
        guard !runList.contains(where: { $0.id == id }) else { throw StoreErrors.runExists(id) }
        let last = try latestRun(pipeline: pipeline, interval: interval)?.attempt ?? 0
        let run = RunRecord(
            id: id,
            pipeline: pipeline,
            pipelineVersion: pipelineVersion,
            interval: interval,
            attempt: last + 1,
            trigger: trigger,
            createdAt: now,
            state: .waiting,
            fleet: fleet
        )
        runList.append(run)
        if let scheduledThrough { move(pipeline, to: scheduledThrough) }
        return run
    }

    package func skip(_ triggers: [SkippedTrigger], scheduledThrough: Timestamp) throws {
        try checkOpen()
        for trigger in triggers { _ = try known(trigger.pipeline) }
        skipped.append(contentsOf: triggers)
        for trigger in triggers { move(trigger.pipeline, to: scheduledThrough) }
    }

    package func skippedTriggers(pipeline: String, limit: Int) throws -> [SkippedTrigger] {
        try checkOpen()
        let newestFirst = skipped.reversed().filter { $0.pipeline == pipeline }
        return Array(newestFirst.prefix(max(0, limit)))
    }

    package func update(_ run: RunRecord) throws {
        let index = try changeable(run.id)
        runList[index] = runList[index].changed(to: run)
    }

    package func run(_ id: String) throws -> RunRecord {
        try checkOpen()
        guard let run = runList.first(where: { $0.id == id }) else { throw StoreErrors.noRun(id) }
        return run
    }

    package func runs(pipeline: String?, limit: Int) throws -> [RunRecord] {
        try checkOpen()
        let newestFirst = runList.reversed().filter { pipeline == nil || $0.pipeline == pipeline }
        return Array(newestFirst.prefix(max(0, limit)))
    }

    package func unfinishedRuns() throws -> [RunRecord] {
        try checkOpen()
        return runList.filter { !$0.state.isFinal }
    }

    package func latestRun(pipeline: String, interval: TimeInterval) throws -> RunRecord? {
        try checkOpen()
        return runList.filter { $0.pipeline == pipeline && $0.interval == interval }
            .max { $0.attempt < $1.attempt }
    }

    package func runIntervals(
        pipeline: String,
        containingEnds ends: [Int64]
    ) throws -> [TimeInterval] {
        try checkOpen()
        return runList.filter { $0.pipeline == pipeline }.map(\.interval)
            .containing(anyOf: ends)
    }

    private func changeable(_ id: String) throws -> Int {
        try checkOpen()
        guard let index = runList.firstIndex(where: { $0.id == id }) else {
            throw StoreErrors.noRun(id)
        }
        guard !runList[index].state.isFinal else {
            throw StoreErrors.runIsFinal(id, runList[index].state)
        }
        return index
    }
}

// Publication.
extension MemoryCatalog {
    package func publish(
        _ publication: Publication,
        run: RunRecord,
        role: String,
        epoch: Int64
    ) throws {
        try checkOpen()
        try publication.check(run)
        guard epochs[role] == epoch else {
            throw StoreErrors.staleEpoch(role: role, epoch: epoch, current: epochs[role])
        }
        let slot = Slot(pipeline: publication.pipeline, interval: publication.interval)
        if let old = published[slot], old.attempt > publication.attempt {
            throw StoreErrors.higherAttempt(publication, published: old.attempt)
        }
        try update(run)
        published[slot] = publication
    }

    package func publication(pipeline: String, interval: TimeInterval) throws -> Publication? {
        try checkOpen()
        return published[Slot(pipeline: pipeline, interval: interval)]
    }

    package func publications(pipeline: String?, limit: Int) throws -> [Publication] {
        try checkOpen()
        let newestFirst = published.values.filter { pipeline == nil || $0.pipeline == pipeline }
            .sorted {
                let (left, right) = ($0.interval, $1.interval)
                if left != right { return (left.end, left.start) > (right.end, right.start) }
                return $0.pipeline.precedesBytewise($1.pipeline)
            }
        return Array(newestFirst.prefix(max(0, limit)))
    }
}
