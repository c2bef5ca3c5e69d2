#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

internal import CBytes

/// Where one field of a CSV row stands in the input.
struct CSVCell {
    var start: Int
    var end: Int
    /// Whether it is quoted and holds doubled quotes.
    var isEscaped: Bool

    var isEmpty: Bool { start == end }
    var count: Int { end &- start }

    static let none = CSVCell(start: 0, end: 0, isEscaped: false)
}

/// What splitting one row found.
struct CSVRow {
    /// Fields of the row, which may be more than there was room for.
    var fieldCount: Int
    /// Where the next row starts.
    var next: Int
    /// Lines the row takes; more than one with line ends inside quotes.
    var lineCount: Int
    var isMalformed: Bool
    /// Whether a field beyond the room is not empty.
    var hasExtra: Bool
}

/// Splits rows of RFC 4180 text into fields, over bytes.
///
/// Rows end in LF or CRLF. Blanks around a field that is not quoted are not part of it.
struct CSVScanner {
    let base: UnsafePointer<UInt8>
    let end: Int
    let delimiter: UInt8

    /// Splits the row at a position; fields beyond the room given are only counted.
    func row(at start: Int, into fields: UnsafeMutableBufferPointer<CSVCell>) -> CSVRow {
        var row = CSVRow(
            fieldCount: 0,
            next: end,
            lineCount: 1,
            isMalformed: false,
            hasExtra: false
        )
        var at = start
        while true {
            var field: CSVCell
            if at < end, base[at] == 0x22 {
                guard let quoted = quoted(at, &row.lineCount) else {
                    return malformed(start, &row)
                }
                field = quoted.field
                at = quoted.next
                if at < end, base[at] == 0x0D, at &+ 1 == end || base[at &+ 1] == 0x0A { at &+= 1 }
                guard at == end || base[at] == delimiter || base[at] == 0x0A else {
                    return malformed(start, &row)
                }
            } else {
                let fieldStart = at
                while at < end, base[at] != delimiter, base[at] != 0x0A { at &+= 1 }
                field = trimmed(fieldStart, at)
            }
            if row.fieldCount < fields.count {
                fields[row.fieldCount] = field
            } else if !field.isEmpty {
                row.hasExtra = true
            }
            row.fieldCount &+= 1
            if at == end { return row }
            at &+= 1
            if base[at &- 1] == 0x0A {
                row.next = at
                return row
            }
        }
    }

    /// Splits the row at a position if it has no quotes and as many fields as there is room for.
    ///
    /// - Range: 32 bytes beyond `end` can be read; the row's fields start before it.
    /// - Returns: where the next row starts; 0 when the row has to be looked at closely.
    @inline(__always)
    func plainRow(
        at start: Int,
        end limit: Int,
        into fields: UnsafeMutableBufferPointer<CSVCell>
    ) -> Int {
        var at = start
        for index in 0..<fields.count {
            var stop = at
            var mask = bytes_any(base + stop, delimiter, 0x0A, 0x22, 0x0A)
            while mask == 0 {
                stop &+= 16
                guard stop < limit else { return 0 }
                mask = bytes_any(base + stop, delimiter, 0x0A, 0x22, 0x0A)
            }
            stop &+= mask.trailingZeroBitCount
            let isLast = index &+ 1 == fields.count
            guard base[stop] == (isLast ? 0x0A : delimiter), stop < limit else { return 0 }
            var field = CSVCell(start: at, end: stop, isEscaped: false)
            if stop > at, base[at] <= 0x20 || base[stop &- 1] <= 0x20 { field = trimmed(at, stop) }
            fields[index] = field
            at = stop &+ 1
        }
        return at
    }

    /// A quoted field: inside its quotes, and the position after them; nil when they never close.
    private func quoted(_ start: Int, _ lineCount: inout Int) -> (field: CSVCell, next: Int)? {
        var at = start &+ 1
        var isEscaped = false
        while at < end {
            if base[at] == 0x22 {
                guard at &+ 1 < end, base[at &+ 1] == 0x22 else {
                    let field = CSVCell(start: start &+ 1, end: at, isEscaped: isEscaped)
                    return (field, at &+ 1)
                }
                isEscaped = true
                at &+= 1
            } else if base[at] == 0x0A {
                lineCount &+= 1
            }
            at &+= 1
        }
        return nil
    }

    /// Gives up a row at the end of its first line, so that the next one can be read.
    private func malformed(_ start: Int, _ row: inout CSVRow) -> CSVRow {
        row.isMalformed = true
        row.lineCount = 1
        row.next = lineEnd(from: start).map { $0 + 1 } ?? end
        return row
    }

    @inline(__always)
    private func trimmed(_ from: Int, _ to: Int) -> CSVCell {
        var start = from
        var stop = to
        if stop > start, base[stop &- 1] == 0x0D { stop &-= 1 }
        while start < stop, base[start] == 0x20 || base[start] == 0x09 { start &+= 1 }
        while stop > start, base[stop &- 1] == 0x20 || base[stop &- 1] == 0x09 { stop &-= 1 }
        return CSVCell(start: start, end: stop, isEscaped: false)
    }

    /// The position of the next LF, nil when there is none.
    func lineEnd(from start: Int) -> Int? {
        guard start < end, let found = memchr(base + start, 0x0A, end - start) else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// The bytes of a field with doubled quotes made single, at most as many as there is room for.
    ///
    /// - Returns: how many bytes were written; nil when there is no room for all.
    func unescape(_ field: CSVCell, into room: UnsafeMutableBufferPointer<UInt8>) -> Int? {
        var count = 0
        var at = field.start
        while at < field.end {
            guard count < room.count else { return nil }
            room[count] = base[at]
            count += 1
            at += base[at] == 0x22 ? 2 : 1
        }
        return count
    }
}
