import Core

/// Why a connection ended or did not come about, and how soon to try again.
struct MQTTFailure: Error, Sendable, CustomStringConvertible {
    let error: FleetError
    /// Whether trying again soon may help; otherwise somebody has to change something first.
    let isTransient: Bool
    /// Whether the broker said that it does not know the version it was asked for.
    let isUnknownVersion: Bool

    init(_ error: FleetError, isTransient: Bool, isUnknownVersion: Bool = false) {
        self.error = error
        self.isTransient = isTransient
        self.isUnknownVersion = isUnknownVersion
    }

    /// The failure for an error of the network, of TLS or of the protocol.
    init(_ what: String, cause: any Error) {
        self.init(FleetError(.unavailable, what, cause: cause), isTransient: true)
    }

    /// The failure for a reason that a broker gave.
    init(_ what: String, _ reason: ReasonCode, _ properties: PacketProperties) {
        var message = "\(what): \(reason.text)"
        if let text = properties.reasonText, !text.isEmpty { message += " (\(text.prefix(200)))" }
        let server = properties.serverReference.map { "the broker names \($0.prefix(200))" }
        self.init(
            FleetError(
                reason.isTransient ? .unavailable : .invalidArgument,
                message,
                hint: server ?? reason.hint
            ),
            isTransient: reason.isTransient,
            isUnknownVersion: reason == .unsupportedVersion
        )
    }

    /// The failure for something a broker sent that may not be.
    init(_ error: MQTTProtocolError) {
        self.init(
            FleetError(.unavailable, "the broker sent \(error)", hint: error.hint),
            isTransient: error.hint == nil
        )
    }

    var description: String { error.description }
}
