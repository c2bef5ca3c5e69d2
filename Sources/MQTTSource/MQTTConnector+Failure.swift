import Core
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension MQTTConnector {
    /// What an error of the network or of TLS means, in words for whoever runs the server.
    ///
    /// `hasAnswer` says whether the broker had sent anything before.
    @Sendable
    func failure(_ error: any Error, hasAnswer: Bool) -> MQTTFailure {
        switch error {
        case let failure as MQTTFailure: return failure
        case let error as FleetError: return MQTTFailure(error, isTransient: error.isRetriable)
        case let error as NIOConnectionError: return failure(error)
        case ChannelError.connectTimeout:
            return Self.transient(
                "no answer from \(endpoint) within \(settings.connectTimeout)",
                hint: "check the url, and whether something between drops connections"
            )
        case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode):
            return closed(beforeAnswer: !hasAnswer)
        case let error as IOError: return Self.transient(Self.text(of: error), hint: nil)
        case NIOSSLError.uncleanShutdown: return closed(beforeAnswer: !hasAnswer)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: return failureOfTLS(error)
        default: return MQTTFailure("cannot talk to the broker", cause: error)
        }
    }

    /// What it means that a broker closed the connection without a word.
    func closed(beforeAnswer isUnanswered: Bool) -> MQTTFailure {
        guard isUnanswered else {
            return MQTTFailure(
                FleetError(
                    .unavailable,
                    "the broker closed the connection",
                    hint: "if it does so again and again, another client has the same client_id"
                ),
                isTransient: true
            )
        }
        return MQTTFailure(
            FleetError(
                .unavailable,
                "the broker closed the connection before it answered",
                hint: address.usesTLS
                    ? "is \(endpoint) a port for TLS? it may want a certificate: set cert_file and "
                        + "key_file"
                    : "if \(endpoint) is for TLS, use mqtts:// in the url"
            ),
            isTransient: true
        )
    }

    /// `host:port` as people write it.
    private var endpoint: String {
        address.description.split(separator: "/").last.map(String.init) ?? address.host
    }

    private func failure(_ error: NIOConnectionError) -> MQTTFailure {
        let errors = error.connectionErrors.map(\.error)
        let numbers = errors.compactMap { ($0 as? IOError)?.errnoCode }
        if numbers.contains(ECONNREFUSED) {
            return Self.transient(
                "connection refused",
                hint: "is a broker listening at \(endpoint)?"
            )
        }
        if let number = numbers.first {
            return Self.transient(
                Self.text(of: number),
                hint: "check that \(endpoint) is reachable"
            )
        }
        if let first = errors.first { return failure(first, hasAnswer: false) }
        return Self.transient(
            "the name \(address.host) is not known",
            hint: "check the host in the url"
        )
    }

    private static func transient(_ text: String, hint: String?) -> MQTTFailure {
        MQTTFailure(
            FleetError(.unavailable, "cannot talk to the broker: \(text)", hint: hint),
            isTransient: true
        )
    }

    private static func text(of error: IOError) -> String { text(of: error.errnoCode) }

    private static func text(of number: CInt) -> String {
        String(cString: strerror(number)).lowercased()
    }
}

// MARK: TLS

extension MQTTConnector {
    /// What TLS complains of; only changing something helps against most of it.
    private func failureOfTLS(_ error: any Error) -> MQTTFailure {
        let hasCertificate = settings.certificateFile != nil
        let words = "\(error)"
        func says(_ reasons: String...) -> Bool { reasons.contains { words.contains($0) } }
        if (error as? NIOSSLExtraError) == .failedToValidateHostname {
            return Self.lasting(
                "the broker's certificate is not for \(address.host)",
                hint: "the url must name the host as the certificate does"
            )
        }
        if says("CERTIFICATE_VERIFY_FAILED")
            || error as? NIOSSLError == .unableToValidateCertificate
        {
            return Self.lasting(
                "the broker's certificate is not trusted",
                hint: "set ca_file to the certificate of the authority that signed it"
            )
        }
        if says("ALERT_CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE"), !hasCertificate {
            return Self.lasting(
                "the broker wants a certificate of its clients",
                hint: "set cert_file and key_file"
            )
        }
        if says("ALERT_") {
            let reason = Self.reason(in: words) ?? "no reason given"
            return Self.lasting(
                "the broker refused the connection of TLS: \(reason)",
                hint: hasCertificate
                    ? "check that the broker trusts the certificate in cert_file"
                    : "if it wants a certificate of its clients, set cert_file and key_file"
            )
        }
        if says("WRONG_VERSION_NUMBER") {
            return Self.lasting(
                "\(endpoint) does not speak TLS",
                hint: "use mqtt:// in the url, or the port for TLS"
            )
        }
        let reason = Self.reason(in: words) ?? "the broker closed the connection"
        return Self.transient("TLS failed: \(reason)", hint: "is \(endpoint) a port for TLS?")
    }

    private static func lasting(_ text: String, hint: String) -> MQTTFailure {
        MQTTFailure(FleetError(.invalidArgument, text, hint: hint), isTransient: false)
    }

    /// The reason among an error's numbers and source paths, in small letters.
    private static func reason(in words: String) -> String? {
        let mark = "OPENSSL_internal:"
        guard let start = words.firstRange(of: mark)?.upperBound else { return nil }
        let reason = words[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return reason.isEmpty ? nil : reason.lowercased().replacing("_", with: " ")
    }
}
