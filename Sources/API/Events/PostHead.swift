import HTTPTypes

/// The head of a request that posts a short body in the plainest way; most of them do.
struct PostHead {
    let path: String
    private(set) var contentType: String?
    private(set) var authorization: String?
    private(set) var idempotencyKey: String?
    private(set) var byteCount = 0

    /// Nil for what wants more than that its body is read and answered, be it to get an error.
    init?(_ head: HTTPRequest, byteCountMax: Int) {
        guard head.method == .post, let path = head.path else { return nil }
        self.path = path
        var hasLength = false
        for field in head.headerFields {
            // Names are short enough to be compared as numbers.
            switch field.name.canonicalName {
            case "content-length":
                guard !hasLength, let count = Int(field.value), 0...byteCountMax ~= count else {
                    return nil
                }
                (byteCount, hasLength) = (count, true)
            case "content-type":
                guard contentType == nil else { return nil }
                contentType = field.value
            case "authorization":
                guard authorization == nil else { return nil }
                authorization = field.value
            case "idempotency-key":
                guard idempotencyKey == nil, 1...256 ~= field.value.utf8.count else { return nil }
                idempotencyKey = field.value
            case "connection":
                guard field.value.lowercased() == "keep-alive" else { return nil }
            case "content-encoding", "transfer-encoding", "expect", "upgrade":
                return nil
            default:
                continue
            }
        }
        guard hasLength else { return nil }
    }
}
