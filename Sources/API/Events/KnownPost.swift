import HTTPTypes
import Hummingbird

/// How a connection's requests post their events: senders mostly say it in the same words.
struct KnownPost {
    private let path: String
    private let contentType: String?
    private let authorization: String?
    let post: EventPost

    /// Nil for what is no post of events, or one that gets an error for what its head says.
    init?(_ head: PostHead, of request: HTTPRequest, _ check: TokenCheck?) {
        let request = Request(head: request, body: RequestBody(buffer: ByteBuffer()))
        guard EventPost.paths.contains(request.uri.path), check?.isAllowed(request) ?? true,
            let post = try? EventPost(request)
        else { return nil }
        path = head.path
        contentType = head.contentType
        authorization = head.authorization
        self.post = post
    }

    /// Whether another head says the same.
    func isSaid(by head: PostHead) -> Bool {
        path == head.path && contentType == head.contentType
            && authorization == head.authorization
    }
}
