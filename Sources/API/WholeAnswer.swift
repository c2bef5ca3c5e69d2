import Client
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// An answer whose body is there as a whole, so that it can be written without a router, too.
struct WholeAnswer: Sendable {
    var status: HTTPResponse.Status
    var headers: HTTPFields
    let body: ByteBuffer

    /// Bytes of a content type.
    init(_ content: [UInt8], type: String, status: HTTPResponse.Status = .ok) {
        self.status = status
        headers = [.contentType: type]
        body = ByteBuffer(bytes: content)
    }

    /// Without a body.
    init(status: HTTPResponse.Status) {
        self.status = status
        headers = [:]
        body = ByteBuffer()
    }

    /// A value as JSON.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(Array(try encoder.encode(value)), type: "application/json", status: status)
    }

    /// An error in the API's words, with a hint to come back when that helps.
    init(_ error: FleetError, status: HTTPResponse.Status? = nil) {
        do {
            try self.init(
                json: ErrorAnswer(error),
                status: status ?? Self.status(of: error)
            )
        } catch {
            self.init(status: .internalServerError)
        }
        if error.isRetriable { headers[.retryAfter] = "1" }
    }

    /// What is too much now is 429; what will be too much next time, too, is 413.
    static func status(of error: FleetError) -> HTTPResponse.Status {
        error.code == .resourceExhausted && !error.isRetriable
            ? .contentTooLarge : .init(code: error.code.httpStatus)
    }

    var response: Response {
        body.readableBytes == 0
            ? Response(status: status, headers: headers)
            : Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    /// The answer as it goes over the wire: what the router's answers become there.
    func bytes(date: String, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        let status = HTTPResponseStatus(statusCode: status.code)
        var head: [UInt8] = []
        head.reserveCapacity(512)
        func append(_ name: String, _ value: String) {
            head += name.utf8
            head += ": ".utf8
            head += value.utf8
            head += "\r\n".utf8
        }
        head += "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8
        for field in headers { append(field.name.rawName, field.value) }
        if status.mayHaveResponseBody {
            append(HTTPField.Name.contentLength.rawName, String(body.readableBytes))
        }
        append(HTTPField.Name.date.rawName, date)
        append(HTTPField.Name.server.rawName, APIServer.name)
        head += "\r\n".utf8
        var bytes = allocator.buffer(capacity: head.count + body.readableBytes)
        bytes.writeBytes(head)
        bytes.writeImmutableBuffer(body)
        return bytes
    }
}
