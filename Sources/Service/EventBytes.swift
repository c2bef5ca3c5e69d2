/// Bytes of events, wherever they are held.
package protocol EventBytes: Sendable {
    func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result
}

extension [UInt8]: EventBytes {}
