package import Core
package import Pipelines
package import Store
import Windowing

/// Checks and publishes pipeline documents, pauses them, and reads them back.
package struct PipelineRegistry: Sendable {
    private let catalog: any Catalog
    private let settings: ServiceSettings
    private let clock: any WallClock

    package init(catalog: any Catalog, settings: ServiceSettings, clock: any WallClock) {
        self.catalog = catalog
        self.settings = settings
        self.clock = clock
    }

    /// Publishes a document as the pipeline's next version; fires nothing.
    ///
    /// The first scheduled interval of a new pipeline begins at the schedule's last fire time.
    /// - Throws: ``FleetError`` `.invalidArgument` with file, line and what is wrong.
    package func publish(yaml: String, file: String) async throws -> PipelineRecord {
        let document = try PipelineDocument.parse(yaml: yaml, file: file)
        try check(document, file: file)
        return try await catalog.publishPipeline(
            name: document.name,
            document: yaml,
            at: clock.now,
            scheduledThrough: document.schedule?.schedule.previous(atOrBefore: clock.now)
        )
    }

    /// What a document gets wrong that only this server can know.
    package func check(_ document: PipelineDocument, file: String) throws {
        if let window = settings.window(document.windows) {
            try check(document.features, of: window, file: file)
            return
        }
        let names = settings.windows.map(\.name)
        let guess = DidYouMean.suggestion(for: document.windows, among: names)
        throw FleetError(
            .invalidArgument,
            "\(file) windows: this server has no window definition \"\(document.windows)\"",
            hint: guess.map { "did you mean \"\($0)\"?" }
                ?? "it has \(names.joined(separator: ", ")); add it to fleetscore.yaml"
        )
    }

    /// Refuses quantiles that the windows do not have: every run would fail.
    private func check(
        _ features: FeatureSelection,
        of window: WindowDefinition,
        file: String
    ) throws {
        let missing = Set(features.aggregates.compactMap(\.quantile))
            .subtracting(window.quantiles).sorted()
        guard !missing.isEmpty else { return }
        let wanted = (window.quantiles + missing).sorted().map { "\($0)" }
        throw FleetError(
            .invalidArgument,
            "\(file) features: window \(window.name) has no quantile "
                + missing.map { "\($0)" }.joined(separator: ", "),
            hint: "add `quantiles: [\(wanted.joined(separator: ", "))]` to it in fleetscore.yaml"
        )
    }

    /// The document of a pipeline's version, parsed.
    package func document(_ name: String, version: Int) async throws -> PipelineDocument {
        let yaml = try await catalog.pipelineDocument(name, version: version)
        return try PipelineDocument.parse(yaml: yaml, file: name)
    }

    package func pause(_ name: String) async throws { try await catalog.setPaused(name, true) }
    package func resume(_ name: String) async throws { try await catalog.setPaused(name, false) }

    /// The next fire times of a pipeline's schedule; empty without a schedule.
    package func preview(_ record: PipelineRecord, count: Int) throws -> [Timestamp] {
        let document = try PipelineDocument.parse(yaml: record.document, file: record.name)
        guard let schedule = document.schedule?.schedule else { return [] }
        return schedule.fireTimes(after: clock.now, count: count)
    }
}
