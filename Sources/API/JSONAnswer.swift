import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Builds responses.
enum JSONAnswer {
    /// A value as JSON.
    static func ok(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        try WholeAnswer(json: value, status: status).response
    }

    /// Bytes of a content type.
    static func bytes(
        _ content: [UInt8],
        type: String,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        WholeAnswer(content, type: type, status: status).response
    }

    /// An error, with a hint to come back when that helps.
    static func error(_ error: FleetError, status: HTTPResponse.Status? = nil) -> Response {
        WholeAnswer(error, status: status).response
    }
}

extension Request {
    /// The whole body, up to a limit.
    func body(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard chunk.readableBytes <= limit - bytes.count else {
                throw HTTPError(.contentTooLarge)
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }

    /// The key that makes a repeated batch count once; nil when the sender gave none.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for a key that is empty or too long.
    func idempotencyKey() throws -> String? {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = headers[name] else {
            return nil
        }
        guard 1...256 ~= key.utf8.count else {
            throw FleetError(.invalidArgument, "Idempotency-Key must have 1 to 256 bytes")
        }
        return key
    }

    /// A JSON body as a value.
    func decoded<Value: Decodable>() async throws -> Value {
        let bytes = try await body(upTo: 1 << 20)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw FleetError(
                .invalidArgument,
                "the body is not the JSON this call takes",
                cause: error
            )
        }
    }

    /// A query parameter, decoded as forms are written: a plus is a space.
    func query(_ name: String) -> String? {
        guard let query = uri.query else { return nil }
        for part in query.utf8.split(separator: 0x26) {
            let pair = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard Self.decoded(pair[0]) == name else { continue }
            return pair.count > 1 ? Self.decoded(pair[1]) : ""
        }
        return nil
    }

    private static func decoded(_ text: Substring.UTF8View) -> String {
        let bytes = text.map { $0 == 0x2B ? 0x20 : $0 }
        return bytes[...].percentDecoded() ?? String(decoding: bytes, as: UTF8.self)
    }

    /// A whole number from the query within a range.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = query(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw FleetError(
                .invalidArgument,
                "\(name)=\(text) is not a number in \(range)"
            )
        }
        return value
    }

    /// An RFC 3339 time from the query.
    func time(_ name: String) throws -> Timestamp? {
        guard let text = query(name) else { return nil }
        // The plus of a zone may have been written as it is.
        guard
            let time = Timestamp(rfc3339: text)
                ?? Timestamp(rfc3339: text.split(separator: " ").joined(separator: "+"))
        else {
            throw FleetError(
                .invalidArgument,
                "\(name)=\(text) is not a time",
                hint: "write RFC 3339, such as 2026-01-01T00:00:00Z"
            )
        }
        return time
    }
}
