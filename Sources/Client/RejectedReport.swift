/// What of a file could not be read as events, told to the server so that it counts and keeps it.
package struct RejectedReport: Sendable, Codable {
    package struct Event: Sendable, Codable {
        /// The code of the reason, such as `bad_time`.
        package let reason: String
        /// What is wrong, and where it stands.
        package let message: String
        /// The event as it was written; nil where the file is no text.
        package let text: String?

        package init(reason: String, message: String, text: String?) {
            self.reason = reason
            self.message = message
            self.text = text
        }
    }

    /// The format of the texts, with the options they were read with.
    package let format: String?
    /// The header line of a CSV table.
    package let context: String?
    /// How many events were rejected for each reason.
    package let counts: [String: Int]
    /// The first of them.
    package let events: [Event]

    package init(format: String?, context: String?, counts: [String: Int], events: [Event]) {
        self.format = format
        self.context = context
        self.counts = counts
        self.events = events
    }
}

/// The answer to a ``RejectedReport``.
package struct ReportAnswer: Sendable, Codable, Equatable {
    package let rejected: Int
    /// Whether the idempotency key was known: nothing was counted twice.
    package let duplicate: Bool

    package init(rejected: Int, duplicate: Bool) {
        self.rejected = rejected
        self.duplicate = duplicate
    }
}

/// Whether a batch with an idempotency key was taken before.
package struct KnownAnswer: Sendable, Codable, Equatable {
    package let known: Bool

    package init(known: Bool) { self.known = known }
}
