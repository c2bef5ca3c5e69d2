import Core
import HTTPTypes
import Hummingbird

/// How a connection's requests post their events: senders mostly say it in the same words.
final class KnownPost: Sendable {
    let post: EventPost
    /// What the answers to errors are told of the request.
    let request: HTTPRequest
    /// The head before and after the digits of the body's size; nil when requests have keys.
    private let words: (before: [UInt8], after: [UInt8])?

    /// Nil for what is no post of events, or one that gets an error for what its head says.
    init?(_ head: PlainHead, in bytes: UnsafeRawBufferPointer, _ check: TokenCheck?) {
        guard head.isPost, let digits = head.lengthDigits else { return nil }
        var fields = HTTPFields()
        if let type = head.contentType { fields[.contentType] = type }
        if let authorization = head.authorization { fields[.authorization] = authorization }
        self.request = HTTPRequest(
            method: .post,
            scheme: "http",
            authority: nil,
            path: head.path,
            headerFields: fields
        )
        let request = Request(head: self.request, body: RequestBody(buffer: ByteBuffer()))
        guard EventPost.paths.contains(request.uri.path), check?.isAllowed(request) ?? true,
            let post = try? EventPost(request)
        else { return nil }
        self.post = post
        words =
            head.idempotencyKey == nil
            ? (
                Array(bytes[..<digits.lowerBound]),
                Array(bytes[digits.upperBound..<head.byteCount])
            ) : nil
    }

    /// The sizes of a head that says the same of another body, and of the body; else nil.
    func sizes(of bytes: UnsafeRawBufferPointer) -> (head: Int, body: Int)? {
        guard let words, bytes.starts(with: words.before) else { return nil }
        let digits = bytes[words.before.count...].prefix { $0 != 0x0D && $0 != 0x20 }
        guard let bodyByteCount = PlainHead.number(digits),
            bytes[digits.endIndex...].starts(with: words.after)
        else { return nil }
        return (digits.endIndex + words.after.count, bodyByteCount)
    }
}
