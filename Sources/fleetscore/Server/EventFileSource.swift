import Client
import Core
import Fleets
import FoundationEssentials
import Service
import Wire
#if canImport(Glibc)
import Glibc
#endif

/// The events of one or more files together, in time order.
struct EventFileSource {
    /// A reading of a file that is no event.
    struct Rejected {
        let file: String
        let line: Int
        let message: String
    }

    /// How the files are written and to be understood.
    struct Reading {
        /// csv, ndjson, json, line or parquet; told by each file's name or content when nil.
        var format: String?
        var options: DecodeOptions
    }

    private(set) var events = EventBatch()
    /// The first rejected readings.
    private(set) var rejected: [Rejected] = []
    private(set) var rejectedCount = 0
    private(set) var rejectedByReason: [String: Int] = [:]
    /// Columns of Parquet files that hold no numbers, by file.
    private(set) var ignoredColumns: [(file: String, columns: [String])] = []

    /// The name that means standard input.
    static let standardInput = "-"

    /// Reads and decodes files; all readings are sorted by time, equal times keep their order.
    ///
    /// One batch of them all: a file of one device after that of another would otherwise be late.
    static func open(_ paths: [String], _ reading: Reading) throws -> EventFileSource {
        var source = EventFileSource()
        for path in paths { try source.add(path, reading) }
        source.events = source.events.sortedByTime()
        return source
    }

    private mutating func add(_ path: String, _ reading: Reading) throws {
        if path == Self.standardInput {
            let bytes = try Self.readStandardInput()
            try bytes.withUnsafeBytes { try add($0, name: "standard input", reading) }
        } else {
            let file = try MappedFile(path)
            defer { withExtendedLifetime(file) {} }
            try add(file.bytes, name: path, reading)
        }
    }

    private mutating func add(
        _ bytes: UnsafeRawBufferPointer,
        name: String,
        _ reading: Reading
    ) throws {
        guard !bytes.isEmpty else {
            throw FleetError(.invalidArgument, "cannot read \(name): it is empty")
        }
        if reading.format == "parquet" || (reading.format == nil && ParquetEvents.isParquet(bytes))
        {
            let table = try Files.naming(name) {
                try ParquetEvents.decode(bytes, options: reading.options)
            }
            if !table.ignoredColumns.isEmpty { ignoredColumns.append((name, table.ignoredColumns)) }
            for row in table.rejected { reject(name, row.row, row.message) }
            count(table.rejectedCount, table.rejectedByReason)
            append(table.batch)
            return
        }
        let format = try Self.format(reading.format, bytes, name)
        var limits = Limits()
        limits.batchEventCountMax = .max
        let decoded = try Files.naming(name) {
            try EventDecoder.decode(
                bytes,
                format: format,
                options: reading.options,
                limits: limits
            )
        }
        for event in decoded.rejected { reject(name, event.line, event.message) }
        count(decoded.rejectedCount, decoded.rejectedByReason)
        append(decoded.batch)
    }

    private static func format(
        _ given: String?,
        _ bytes: UnsafeRawBufferPointer,
        _ name: String
    ) throws -> EventFormat {
        if let given {
            guard let known = EventFormat(rawValue: given) else {
                let names = EventFormat.allCases.map(\.rawValue) + ["parquet"]
                throw FleetError(
                    .invalidArgument,
                    "there is no format \"\(given)\"",
                    hint: "use " + names.joined(separator: ", ")
                )
            }
            return known
        }
        return EventFormat(fileName: name) ?? EventFormat(lookingAt: bytes)
    }

    private mutating func reject(_ file: String, _ line: Int, _ message: String) {
        guard rejected.count < 100 else { return }
        rejected.append(Rejected(file: file, line: line, message: message))
    }

    private mutating func count(_ rejected: Int, _ byReason: [String: Int]) {
        rejectedCount += rejected
        rejectedByReason.merge(byReason) { $0 + $1 }
    }

    private mutating func append(_ batch: EventBatch) {
        guard !events.isEmpty else {
            events = batch
            return
        }
        let ids = (0..<UInt32(batch.series.count)).map {
            events.series.insert(id: $0, of: batch.series)
        }
        events.seriesIndex.append(contentsOf: batch.seriesIndex.lazy.map { ids[Int($0)] })
        events.times.append(contentsOf: batch.times)
        events.values.append(contentsOf: batch.values)
    }

    private static func readStandardInput() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes {
                read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw FleetError(
                    .unavailable,
                    "cannot read standard input: \(String(cString: strerror(errno)))",
                    isRetriable: false
                )
            }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
