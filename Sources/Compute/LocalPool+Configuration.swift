extension LocalPool {
    /// What a pool starts and when it ends what it started.
    package struct Configuration: Sendable {
        /// The worker program's absolute path, or a name to find in `PATH`.
        package var executable: String
        package var arguments: [String]
        /// Added to the environment of this process.
        package var environment: [String: String] = [:]
        package var workerCountMin = 0
        package var workerCountMax: Int
        /// How long a worker beyond the minimum may be idle.
        package var idleTime = Duration.seconds(60)
        /// A worker is killed when a ticket takes longer.
        package var ticketTimeout: Duration?
        /// How long a worker may take to end after it was asked to.
        package var stopGrace = Duration.seconds(5)
        /// After so many failed starts in a row pending tickets are given up.
        package var startFailureCountMax = 5

        package init(executable: String, arguments: [String], workerCountMax: Int) {
            self.executable = executable
            self.arguments = arguments
            self.workerCountMax = workerCountMax
        }
    }
}
