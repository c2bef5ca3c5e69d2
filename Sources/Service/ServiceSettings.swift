package import Core
package import Windowing

/// What the services of one server need to know.
package struct ServiceSettings: Sendable {
    package var windows: [WindowDefinition]
    /// A partition without an append for so long closes its elapsed windows.
    package var idleAfter: Duration = .seconds(30)
    /// How often open windows are saved, which bounds what a restart reads again.
    package var snapshotEvery: Duration = .seconds(20)
    /// How long closed windows may gather before they are committed; zero commits at once.
    package var commitEvery: Duration = .zero
    package var limits = Limits()
    /// Whether values outside the limits of the registry are rejected; else they are flagged.
    package var rejectsOutOfRange = false
    /// A series without an expected interval is silent after so long without an event.
    package var silentAfter: Duration = .seconds(900)
    /// A series without a model is expected for so long after its last event.
    package var expectedFor: Duration = .seconds(7 * 86_400)
    /// How long windows of a definition can be queried; those that are not named for ever.
    package var windowRetentions: [String: Duration] = [:]
    /// Whether sealed log segments become Parquet, and how long that is kept.
    package var capturesRaw = true
    package var captureRetention: Duration = .seconds(30 * 86_400)
    package var predictionsRetention: Duration = .seconds(7 * 86_400)
    /// Ceiling over what pipelines ask for.
    package var workersMax = 2
    /// Runs driven at once.
    package var concurrentRunsMax = 4

    package init(windows: [WindowDefinition]) {
        self.windows = windows
    }

    /// The definition of a name.
    package func window(_ name: String) -> WindowDefinition? {
        windows.first { $0.name == name }
    }
}
