import Core

/// A pipeline as its author writes it: which windows, which models, when, where, within what.
///
/// The YAML text is the source of truth; this is version 1 of the document, checked.
package struct PipelineDocument: Sendable, Equatable {
    package static let version = 1

    package var name: String
    /// The name of a window definition.
    package var windows: String
    package var features: FeatureSelection
    package var fleet: FleetReference
    /// nil: runs start by request only.
    package var schedule: ScheduleSettings?
    package var compute = ComputeSettings()
    package var limits = LimitSettings()
    package var outputs = OutputSettings()

    package init(
        name: String,
        windows: String,
        features: FeatureSelection,
        fleet: FleetReference
    ) {
        self.name = name
        self.windows = windows
        self.features = features
        self.fleet = fleet
    }

    /// When runs happen and what they wait for.
    package struct ScheduleSettings: Sendable, Equatable {
        package var schedule: Schedule
        package var waitsForWatermark = true
        /// How long a run waits for the watermark before it starts without.
        package var waitAtMost = Duration.seconds(600)

        package init(schedule: Schedule) {
            self.schedule = schedule
        }
    }

    /// Where tasks run and how many workers there are.
    package struct ComputeSettings: Sendable, Equatable {
        package var target = "local"
        package var workerCountMin = 0
        package var workerCountMax = 2
        /// How long a worker stays without work.
        package var idle = Duration.seconds(60)

        package init() {}
    }

    /// What a run tolerates before it fails.
    package struct LimitSettings: Sendable, Equatable {
        package var failedItems = FailureLimit.percent(10)
        package var itemTimeout = Duration.seconds(10)
        package var runTimeout = Duration.seconds(3600)
        /// What happens to keys that the fleet has no model for.
        package enum NoModel: String, Sendable, CaseIterable, Codable {
            /// They are items with the status `no_model`.
            case report
            /// The fleet's fallback model scores them; without one they are reported.
            case fallback
        }

        package var noModel = NoModel.report
        /// Further attempts of a task whose worker died.
        package var retries = 2

        package init() {}
    }

    /// What a run writes.
    package struct OutputSettings: Sendable, Equatable {
        /// The file formats of predictions.
        package enum Format: String, Sendable, CaseIterable, Codable {
            case parquet, csv
        }

        package var format = Format.parquet

        package init() {}
    }
}
