package import Core

/// The refusals that the twins and every driver word alike.
package enum StoreErrors {
    /// No such version of a fleet.
    package static func noFleetVersion(_ fleet: String, _ version: Int) -> FleetError {
        FleetError(
            .notFound,
            "the fleet \"\(fleet)\" has no version \(version)",
            hint: "list its versions to see the numbers"
        )
    }

    /// A version number that is taken.
    package static func fleetVersionExists(_ fleet: String, _ version: Int) -> FleetError {
        FleetError(
            .conflict,
            "version \(version) of the fleet \"\(fleet)\" exists already",
            hint: "versions never change: add the next one"
        )
    }

    /// No such pipeline.
    package static func noPipeline(_ name: String) -> FleetError {
        FleetError(
            .notFound,
            "there is no pipeline \"\(name)\"",
            hint: "publish its document first"
        )
    }

    /// No such version of a pipeline's document.
    package static func noPipelineVersion(_ name: String, _ version: Int) -> FleetError {
        FleetError(.notFound, "the pipeline \"\(name)\" has no version \(version)")
    }

    /// No such run.
    package static func noRun(_ id: String) -> FleetError {
        FleetError(.notFound, "there is no run \"\(id)\"")
    }

    /// A run id that is taken.
    package static func runExists(_ id: String) -> FleetError {
        FleetError(.conflict, "the run \"\(id)\" exists already")
    }

    /// A change of a run that has ended.
    package static func runIsFinal(_ id: String, _ state: RunState) -> FleetError {
        FleetError(
            .conflict,
            "the run \"\(id)\" has ended as \(state.rawValue) and cannot change"
        )
    }

    /// A publication whose run does not say that it was published.
    package static func runNotPublished(_ id: String, _ state: RunState) -> FleetError {
        FleetError(
            .invalidArgument,
            "the run \"\(id)\" cannot be published in the state \(state.rawValue)"
        )
    }

    /// A publication that names another run, pipeline, interval or attempt than the run has.
    package static func publicationMismatch(_ publication: Publication) -> FleetError {
        FleetError(
            .invalidArgument,
            "the publication of the run \"\(publication.run)\" does not match its run"
        )
    }

    /// A call by a role that another server has taken over.
    package static func staleEpoch(role: String, epoch: Int64, current: Int64?) -> FleetError {
        FleetError(
            .conflict,
            "the lease epoch \(epoch) of the role \"\(role)\" is stale: the current one is "
                + (current.map(String.init) ?? "none"),
            hint: "another server has taken the role over"
        )
    }

    /// A publication of an attempt that a later one has replaced already.
    package static func higherAttempt(_ publication: Publication, published: Int) -> FleetError {
        FleetError(
            .conflict,
            "attempt \(publication.attempt) of \(publication.pipeline) for "
                + "\(publication.interval) is superseded: attempt \(published) is published"
        )
    }

    /// Prediction rows whose feature names differ from the attempt's earlier rows.
    package static func featureNamesDiffer(run: String, attempt: Int) -> FleetError {
        FleetError(
            .invalidArgument,
            "predictions of the run \"\(run)\" attempt \(attempt) name other features than its "
                + "earlier rows"
        )
    }

    /// A commit for a partition that another process has taken over.
    package static func partitionTaken(
        _ partition: Int,
        expected: Int64?,
        stored: Int64?
    ) -> FleetError {
        func text(_ offset: Int64?) -> String { offset.map { "offset \($0)" } ?? "no checkpoint" }
        return FleetError(
            .conflict,
            "partition \(partition) has \(text(stored)) stored, expected \(text(expected))",
            hint: "another aggregator has taken the partition over: read its checkpoint again"
        )
    }

    /// A window given for an interval that does not hold its end.
    package static func outsideInterval(_ end: Int64, _ interval: TimeInterval) -> FleetError {
        FleetError(
            .invalidArgument,
            "a window that ends at \(Timestamp(microseconds: end)) is not in \(interval)"
        )
    }

    /// A call after close.
    package static func closed(_ what: String) -> FleetError {
        FleetError(.unavailable, "\(what) is closed")
    }
}

extension String {
    /// Whether this text sorts before another one bytewise, as databases sort.
    package func precedesBytewise(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}

extension RunRecord {
    /// This record with every changeable field taken from another.
    package func changed(to other: RunRecord) -> RunRecord {
        var copy = self
        copy.state = other.state
        copy.fleet = other.fleet
        copy.fleetVersion = other.fleetVersion
        copy.startedAt = other.startedAt
        copy.endedAt = other.endedAt
        copy.windowSequence = other.windowSequence
        copy.items = other.items
        copy.taskCount = other.taskCount
        copy.tasksDone = other.tasksDone
        copy.rowCount = other.rowCount
        copy.anomalyCount = other.anomalyCount
        copy.workerSeconds = other.workerSeconds
        copy.message = other.message
        copy.manifestKey = other.manifestKey
        return copy
    }
}

extension Publication {
    /// Throws unless a run, as it is to be stored, may be what this publication names.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument`.
    package func check(_ run: RunRecord) throws {
        guard run.state.isPublished else {
            throw StoreErrors.runNotPublished(run.id, run.state)
        }
        guard run.id == self.run, run.attempt == attempt, run.pipeline == pipeline,
            run.interval == interval
        else { throw StoreErrors.publicationMismatch(self) }
    }
}

extension [TimeInterval] {
    /// The intervals `(start, end]` that hold any of the ends, by start, then end, each once.
    package func containing(anyOf ends: [Int64]) -> [TimeInterval] {
        let ends = ends.sorted()
        return Set(self).filter { interval in
            // The first end after the start decides: later ones are only farther away.
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] > interval.start.microseconds {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            return low < ends.count && ends[low] <= interval.end.microseconds
        }.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    }
}
