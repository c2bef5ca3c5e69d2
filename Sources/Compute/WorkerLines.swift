internal import FoundationEssentials

/// Splits a worker's output into lines of bounded length.
struct LineSplitter {
    private var pending: [UInt8] = []
    private let byteCountMax: Int

    /// Longer lines are cut to so many bytes.
    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// The lines that bytes complete, without their ends.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(pending)
                pending.removeAll(keepingCapacity: true)
            } else if pending.count < byteCountMax {
                pending.append(byte)
            }
        }
        return lines
    }

    /// The last line when it has no end.
    mutating func finish() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }
}

/// A worker's answer to a ticket: one JSON line on its standard output.
package struct WorkerAnswer: Sendable, Codable, Equatable {
    package let ticket: TaskTicket
    package let exit: Int32
    package let message: String?
    /// How long the ticket took.
    package let seconds: Double

    package init(ticket: TaskTicket, exit: Int32, message: String?, seconds: Double) {
        self.ticket = ticket
        self.exit = exit
        self.message = message
        self.seconds = seconds
    }

    /// The answer in a line.
    ///
    /// - Throws: what `JSONDecoder` throws.
    package init(line: [UInt8]) throws {
        self = try JSONDecoder().decode(WorkerAnswer.self, from: Data(line))
    }

    /// This answer as a line with its end.
    ///
    /// - Throws: what `JSONEncoder` throws, such as for an infinite number of seconds.
    package func line() throws -> [UInt8] {
        try [UInt8](JSONEncoder().encode(self)) + [UInt8(ascii: "\n")]
    }
}

extension TaskTicket {
    /// The ticket in a line that a warm worker reads from its standard input.
    ///
    /// - Throws: what `JSONDecoder` throws.
    package init(line: [UInt8]) throws {
        self = try JSONDecoder().decode(TaskTicket.self, from: Data(line))
    }

    /// This ticket as a line with its end.
    ///
    /// - Throws: what `JSONEncoder` throws.
    package func line() throws -> [UInt8] {
        try [UInt8](JSONEncoder().encode(self)) + [UInt8(ascii: "\n")]
    }
}
