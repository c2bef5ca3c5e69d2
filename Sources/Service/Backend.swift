package import Blobs
package import Compute
package import Core
package import EventLog
package import Store

/// The services of one server as its API sees them.
package struct Backend: Sendable {
    package let settings: ServiceSettings
    package let ingest: Ingest
    package let fleets: FleetRegistry
    package let pipelines: PipelineRegistry
    package let driver: RunDriver
    package let progress: ProgressBoard
    package let catalog: any Catalog
    package let windows: any WindowStore
    package let blobs: any Blobs
    package let log: any EventLog
    package let compute: any ComputeTarget
    package let clock: any WallClock
    package let startedAt: Timestamp

    package init(
        settings: ServiceSettings,
        ingest: Ingest,
        fleets: FleetRegistry,
        pipelines: PipelineRegistry,
        driver: RunDriver,
        progress: ProgressBoard,
        catalog: any Catalog,
        windows: any WindowStore,
        blobs: any Blobs,
        log: any EventLog,
        compute: any ComputeTarget,
        clock: any WallClock
    ) {
        self.settings = settings
        self.ingest = ingest
        self.fleets = fleets
        self.pipelines = pipelines
        self.driver = driver
        self.progress = progress
        self.catalog = catalog
        self.windows = windows
        self.blobs = blobs
        self.log = log
        self.compute = compute
        self.clock = clock
        startedAt = clock.now
    }
}
