/// An answer of the server, whether it is one of success or not.
package struct ServerResponse: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// When to come back, as `Retry-After` says in seconds.
    package let retryAfter: Duration?

    package init(status: Int, body: [UInt8], retryAfter: Duration?) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// Whether the server, or a proxy before it, may take the same request later.
    package var isBusy: Bool { [408, 425, 429, 502, 503, 504].contains(status) }

    /// The seconds of a `Retry-After` header; a date or anything else is nil.
    package static func retryAfter(_ header: String?) -> Duration? {
        guard let header, let seconds = Int64(header), (0...86_400).contains(seconds) else {
            return nil
        }
        return .seconds(seconds)
    }
}
