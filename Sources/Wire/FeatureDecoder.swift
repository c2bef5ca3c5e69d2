#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

internal import Core

/// Decodes CSV tables of feature rows.
public enum FeatureDecoder {
    /// Decodes a whole table, in pieces at the same time when it is large.
    ///
    /// A row whose time or device is bad is rejected; a cell that is no number is rejected and
    /// missing from its row.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the default device is not a valid name.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer,
        header: FeatureHeader,
        options: DecodeOptions,
        workerCount: Int = 1
    ) async throws -> FeatureTable {
        _ = try SeriesKey(device: options.defaultDevice)
        let body = header.line.byteCount..<bytes.count
        let pieces = cut(bytes, body, into: workerCount)
        guard pieces.count > 1 else {
            return decode(bytes, body, firstLine: header.line.lineCount + 1, header, options)
        }
        // SAFETY: the caller keeps the bytes until this returns; they are only read.
        nonisolated(unsafe) let shared = bytes
        let tables = await withTaskGroup(of: (Int, FeatureTable).self) { group in
            for (index, piece) in pieces.enumerated() {
                group.addTask {
                    await (index, decodePiece(shared, piece, header, options))
                }
            }
            var tables = [FeatureTable?](repeating: nil, count: pieces.count)
            for await (index, table) in group { tables[index] = table }
            return tables.compactMap(\.self)
        }
        var table = FeatureTable(featureNames: header.featureNames)
        for piece in tables { table.append(piece) }
        return table
    }

    /// The smallest piece worth a thread of its own.
    private static let pieceByteCountMin = 1 << 20

    /// Pieces that end where lines end; one when a quote could hide a line end.
    private static func cut(
        _ bytes: UnsafeRawBufferPointer,
        _ body: Range<Int>,
        into count: Int
    ) -> [Range<Int>] {
        guard count > 1, body.count >= 2 * pieceByteCountMin, let base = bytes.baseAddress,
            memchr(base + body.lowerBound, 0x22, body.count) == nil
        else { return [body] }
        let size = max(pieceByteCountMin, body.count / count + 1)
        var pieces: [Range<Int>] = []
        var start = body.lowerBound
        while start < body.upperBound {
            var end = min(start + size, body.upperBound)
            if end < body.upperBound {
                let rest = memchr(base + end, 0x0A, body.upperBound - end)
                end = rest.map { UnsafeRawPointer($0) - base + 1 } ?? body.upperBound
            }
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }

    @concurrent
    private static func decodePiece(
        _ bytes: UnsafeRawBufferPointer,
        _ piece: Range<Int>,
        _ header: FeatureHeader,
        _ options: DecodeOptions
    ) async -> FeatureTable {
        let before = header.line.byteCount..<piece.lowerBound
        let lines = bytes[before].reduce(0) { $0 &+ ($1 == 0x0A ? 1 : 0) }
        let firstLine = header.line.lineCount + 1 + lines
        return decode(bytes, piece, firstLine: firstLine, header, options)
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer,
        _ piece: Range<Int>,
        firstLine: Int,
        _ header: FeatureHeader,
        _ options: DecodeOptions
    ) -> FeatureTable {
        var rows = FeatureRows(header, options, firstLine: firstLine)
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress, !piece.isEmpty else {
            return rows.table
        }
        let scanner = CSVScanner(
            base: base + piece.lowerBound,
            end: piece.count,
            delimiter: header.line.delimiter
        )
        rows.reserve(byteCount: piece.count)
        withUnsafeTemporaryAllocation(of: CSVCell.self, capacity: header.line.columns.count) {
            $0.initialize(repeating: .none)
            rows.decode(scanner, $0)
        }
        return rows.finish()
    }
}

/// The rows of one piece of a table.
private struct FeatureRows {
    private(set) var table: FeatureTable
    private let header: FeatureHeader
    private let defaultDevice: [UInt8]
    private var times: TimeParser
    private var events = DecodedEvents()
    private var line: Int
    /// The bytes of the last row's device and sensor, which mostly repeat.
    private var lastDevice: Range<Int> = 0..<0
    private var lastSensor: Range<Int> = 0..<0

    init(_ header: FeatureHeader, _ options: DecodeOptions, firstLine: Int) {
        table = FeatureTable(featureNames: header.featureNames)
        self.header = header
        defaultDevice = Array(options.defaultDevice.utf8)
        times = TimeParser(options)
        line = firstLine
    }

    mutating func reserve(byteCount: Int) {
        let rows = min(byteCount / 32 + 1, 1 << 22)
        table.starts.reserveCapacity(rows)
        table.ends.reserveCapacity(rows)
        table.values.reserveCapacity(rows * header.features.count)
    }

    mutating func decode(_ scanner: CSVScanner, _ fields: UnsafeMutableBufferPointer<CSVCell>) {
        var at = 0
        while at < scanner.end {
            let row = scanner.row(at: at, into: fields)
            if row.fieldCount < fields.count {
                for index in row.fieldCount..<fields.count { fields[index] = .none }
            }
            let text = at..<row.next
            if row.isMalformed {
                reject(.malformed, scanner, text, text)
            } else if row.hasExtra {
                reject(.tooManyFields, scanner, text, text)
            } else {
                decode(scanner, fields, text)
            }
            at = row.next
            line &+= row.lineCount
        }
    }

    consuming func finish() -> FeatureTable {
        table.rejected = events.rejected
        table.rejectedCount = events.rejectedCount
        return table
    }

    private mutating func decode(
        _ scanner: CSVScanner,
        _ fields: UnsafeMutableBufferPointer<CSVCell>,
        _ text: Range<Int>
    ) {
        if fields.allSatisfy(\.isEmpty) { return }
        let device = header.device.map { fields[$0] }
        let sensor = header.sensor.map { fields[$0] }
        if let device, device.isEmpty { return reject(.missingDevice, scanner, text, text) }
        if let sensor, sensor.isEmpty { return reject(.missingSensor, scanner, text, text) }
        let endCell = fields[header.end]
        guard !endCell.isEmpty else { return reject(.missingTime, scanner, text, text) }
        let end = time(scanner, endCell)
        guard end >= 0 else {
            let reason = TimeParser.reason(for: end)
            return reject(reason, scanner, endCell.start..<endCell.end, text)
        }
        var start = end
        if let column = header.start, !fields[column].isEmpty {
            let cell = fields[column]
            start = time(scanner, cell)
            guard start >= 0 else {
                let reason = TimeParser.reason(for: start)
                return reject(reason, scanner, cell.start..<cell.end, text)
            }
        }
        guard enterRun(scanner, device, sensor) else {
            let cell = device ?? .none
            return reject(.badName, scanner, cell.start..<cell.end, text)
        }
        table.starts.append(start)
        table.ends.append(end)
        for column in header.features {
            table.values.append(value(scanner, fields[column], text))
        }
        table.runOffsets[table.runKeys.count] = table.count
    }

    private mutating func time(_ scanner: CSVScanner, _ cell: CSVCell) -> Int64 {
        times.parse(scanner.base + cell.start, cell.end &- cell.start)
    }

    @inline(__always)
    private mutating func value(
        _ scanner: CSVScanner,
        _ cell: CSVCell,
        _ text: Range<Int>
    ) -> Double {
        guard !cell.isEmpty else { return .nan }
        switch NumberParser.parse(scanner.base + cell.start, cell.end &- cell.start) {
        case .finite(let value): return value
        case .notFinite: reject(.notFinite, scanner, cell.start..<cell.end, text)
        case .notANumber: reject(.badValue, scanner, cell.start..<cell.end, text)
        }
        return .nan
    }

    /// Goes on with the last run, or begins one; false when the names are not allowed.
    @inline(__always)
    private mutating func enterRun(
        _ scanner: CSVScanner,
        _ device: CSVCell?,
        _ sensor: CSVCell?
    ) -> Bool {
        let deviceRange = device.map { $0.start..<$0.end } ?? 0..<0
        let sensorRange = sensor.map { $0.start..<$0.end } ?? 0..<0
        if !table.runKeys.isEmpty, same(scanner, deviceRange, lastDevice),
            same(scanner, sensorRange, lastSensor)
        {
            return true
        }
        let deviceText = device.map { name(scanner, $0) } ?? defaultDevice
        let sensorText = sensor.map { name(scanner, $0) } ?? []
        let isAllowed =
            deviceText.withUnsafeBytes { SeriesKey.isAllowed($0) }
            && (sensor == nil || sensorText.withUnsafeBytes { SeriesKey.isAllowed($0) })
        guard isAllowed else { return false }
        let key = SeriesKey(
            uncheckedDevice: String(decoding: deviceText, as: UTF8.self),
            sensor: String(decoding: sensorText, as: UTF8.self)
        )
        (lastDevice, lastSensor) = (deviceRange, sensorRange)
        guard table.runKeys.last != key else { return true }
        table.runKeys.append(key)
        table.runOffsets.append(table.count)
        return true
    }

    private func same(_ scanner: CSVScanner, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count
            && memcmp(
                scanner.base + left.lowerBound,
                scanner.base + right.lowerBound,
                left.count
            ) == 0
    }

    private func name(_ scanner: CSVScanner, _ cell: CSVCell) -> [UInt8] {
        let raw = UnsafeBufferPointer(
            start: scanner.base + cell.start,
            count: cell.end - cell.start
        )
        guard cell.isEscaped else { return Array(raw) }
        var isSecond = false
        return raw.filter { byte in
            isSecond = byte == 0x22 && !isSecond
            return byte != 0x22 || isSecond
        }
    }

    private mutating func reject(
        _ reason: RejectReason,
        _ scanner: CSVScanner,
        _ value: Range<Int>,
        _ row: Range<Int>
    ) {
        var length = row.count
        while length > 0, scanner.base[row.lowerBound + length - 1] <= 0x20 { length -= 1 }
        events.reject(
            reason,
            index: table.count + events.rejectedCount,
            line: line,
            value: UnsafeRawBufferPointer(
                start: scanner.base + value.lowerBound,
                count: value.count
            ),
            event: UnsafeRawBufferPointer(start: scanner.base + row.lowerBound, count: length),
            listCountMax: Limits().rejectedListCountMax
        )
    }
}
