package import Core

/// The answer to a body of events.
package struct EventsAnswer: Sendable, Codable, Equatable {
    package struct Rejected: Sendable, Codable, Equatable {
        /// Position of the event in the body, from 0.
        package let index: Int
        /// 1-based line of the body, where lines mean something.
        package let line: Int?
        /// The code of the reason, such as `bad_time`.
        package let reason: String
        /// One line that says what is wrong with which value.
        package let message: String

        package init(index: Int, line: Int?, reason: String, message: String) {
            self.index = index
            self.line = line
            self.reason = reason
            self.message = message
        }
    }

    package let accepted: Int
    /// Whether the idempotency key was known: nothing was counted twice.
    package let duplicate: Bool
    package let rejected: Int
    /// How many were rejected for each reason; left out when none was.
    package let rejectedByReason: [String: Int]?
    /// The first rejected events, at most 100.
    package let rejectedEvents: [Rejected]
    /// Whether more were rejected than are listed; left out when not.
    package let rejectedEventsCut: Bool?
    /// Fields of line protocol that are text and no readings; left out when there were none.
    package let ignoredFields: Int?

    package init(
        accepted: Int,
        duplicate: Bool,
        rejected: Int,
        rejectedByReason: [String: Int],
        rejectedEvents: [Rejected],
        ignoredFields: Int = 0
    ) {
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
        self.rejectedByReason = rejectedByReason.isEmpty ? nil : rejectedByReason
        self.rejectedEvents = rejectedEvents
        rejectedEventsCut = rejectedEvents.count < rejected ? true : nil
        self.ignoredFields = ignoredFields > 0 ? ignoredFields : nil
    }
}

/// An error as the API answers it.
package struct ErrorAnswer: Sendable, Codable, Equatable {
    package struct Body: Sendable, Codable, Equatable {
        package let code: String
        package let message: String
        package let hint: String?
    }

    package let error: Body

    package init(_ error: FleetError) {
        self.error = Body(
            code: error.code.rawValue,
            message: error.messageWithCause,
            hint: error.hint
        )
    }

    /// The error this answer stands for.
    package var asError: FleetError {
        FleetError(
            FleetErrorCode(rawValue: error.code) ?? .internal,
            error.message,
            hint: error.hint
        )
    }
}
