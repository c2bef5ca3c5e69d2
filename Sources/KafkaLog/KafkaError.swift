import CRdKafka
import Core

/// Turns the codes of librdkafka and of brokers into errors of the product.
enum KafkaError {
    /// The library's words for a code.
    static func text(_ code: rd_kafka_resp_err_t) -> String {
        rd_kafka_err2str(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }

    /// An error that says what could not be done, with what the connections complained of last.
    static func error(
        _ code: rd_kafka_resp_err_t,
        _ action: String,
        events: KafkaEvents? = nil
    ) -> FleetError {
        var kind = kind(of: code)
        var message = "\(action): \(text(code))"
        if kind.isConnection, let problem = events?.lastProblem {
            message += " (\(problem))"
            // The code says only that no broker answered.
            if isRefusal(problem) { kind.hint = Kind.credentialsHint }
        }
        return FleetError(
            kind.code,
            message,
            hint: kind.hint,
            isRetriable: kind.isRetriable
        )
    }

    /// Whether a connection complained of a password or a certificate, in any of its wordings.
    private static func isRefusal(_ problem: String) -> Bool {
        ["SASL authentication", "AUTH_REQ", "SSL handshake", "SSL_HANDSHAKE", "certificate"]
            .contains { problem.contains($0) }
    }

    private struct Kind {
        let code: FleetErrorCode
        var hint: String?
        var isRetriable = true
        var isConnection = false

        static let credentialsHint = "check security, username, password_file and ca_file"
    }

    private static func kind(of code: rd_kafka_resp_err_t) -> Kind {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
            Kind(code: .resourceExhausted, hint: "send again later or send less")
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            Kind(
                code: .invalidArgument,
                hint: "raise max.message.bytes of the topic to 1000000",
                isRetriable: false
            )
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            Kind(
                code: .unavailable,
                hint: "give the user access to the topic and the group",
                isRetriable: false
            )
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL,
            RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            Kind(
                code: .unavailable,
                hint: Kind.credentialsHint,
                isRetriable: false,
                isConnection: true
            )
        default:
            Kind(
                code: .unavailable,
                hint: "check that the brokers can be reached",
                isConnection: true
            )
        }
    }
}
