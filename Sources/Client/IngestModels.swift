package import Core

/// The answer to a body of events.
package struct EventsAnswer: Sendable, Codable, Equatable {
    package struct Rejected: Sendable, Codable, Equatable {
        /// Position of the event in the body, from 0.
        package let index: Int
        /// 1-based line of the body, where lines mean something.
        package let line: Int?
        package let reason: String

        package init(index: Int, line: Int?, reason: String) {
            self.index = index
            self.line = line
            self.reason = reason
        }
    }

    package let accepted: Int
    /// Whether the idempotency key was known: nothing was counted twice.
    package let duplicate: Bool
    package let rejected: Int
    /// The first rejected events.
    package let rejectedEvents: [Rejected]

    package init(accepted: Int, duplicate: Bool, rejected: Int, rejectedEvents: [Rejected]) {
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
        self.rejectedEvents = rejectedEvents
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
