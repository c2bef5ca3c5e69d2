import Client
import Core
import Fleets
import FoundationEssentials
import Service
import Wire

/// The events of one or more files together, in time order.
struct EventFileSource {
    /// A reading of a file that is no event.
    struct Rejected {
        let file: String
        let line: Int
        /// The code of the reason, such as `bad_time`.
        let reason: String
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
    /// What the server is told of the rejected readings, file by file.
    private(set) var reports: [RejectedReport] = []
    /// Columns of Parquet files that hold no numbers, by file.
    private(set) var ignoredColumns: [(file: String, columns: [String])] = []

    /// Rejected readings that are listed.
    private static let listCountMax = 100

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
            let bytes = try WholeInput.read()
            try bytes.withUnsafeBytes { try add($0, name: "standard input", reading) }
        } else {
            try Self.refuseFolder(path)
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
        if let packed = PackedFile(bytes) {
            let unpacked = try packed.unpack(bytes, name: name)
            return try unpacked.withUnsafeBytes { try add($0, name: name, reading) }
        }
        if reading.format == "parquet" || (reading.format == nil && ParquetEvents.isParquet(bytes))
        {
            let table = try Files.naming(name) {
                try ParquetEvents.decode(bytes, options: reading.options)
            }
            if !table.ignoredColumns.isEmpty { ignoredColumns.append((name, table.ignoredColumns)) }
            for row in table.rejected {
                reject(name, row.row, row.reason.rawValue, row.message)
            }
            count(table.rejectedCount, table.rejectedByReason)
            if let report = Self.report(table, name) { reports.append(report) }
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
        for event in decoded.rejected {
            reject(name, event.line, event.reason.rawValue, event.message)
        }
        count(decoded.rejectedCount, decoded.rejectedByReason)
        let report = Self.report(decoded, EventReading(format, reading.options), name)
        if let report { reports.append(report) }
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
        return EventFormat(fileName: PackedFile.nameUnpacked(name)) ?? EventFormat(lookingAt: bytes)
    }

    private mutating func reject(
        _ file: String,
        _ line: Int,
        _ reason: String,
        _ message: String
    ) {
        guard rejected.count < Self.listCountMax else { return }
        rejected.append(Rejected(file: file, line: line, reason: reason, message: message))
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

    /// - Throws: ``FleetError`` `.invalidArgument` when a path is a folder.
    private static func refuseFolder(_ path: String) throws {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
            return
        }
        throw FleetError(
            .invalidArgument,
            "cannot read \(path): it is a folder",
            hint: "name its files, such as \(path.hasSuffix("/") ? path : path + "/")*.csv"
        )
    }
}
