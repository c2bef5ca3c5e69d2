import Core
import Sklearn

/// Reads the files of a zip archive where its bytes are: stored or deflated, zip64 too.
///
/// - Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
enum ZipArchive {
    /// A file as the central directory lists it.
    struct Member {
        /// Where its local header begins.
        let headerOffset: Int
        let storedByteCount: Int
        let byteCount: Int
        let isDeflated: Bool
        let checksum: UInt32
    }

    private static let endByteCount = 22
    private static let entryByteCount = 46

    /// Whether bytes begin like a zip archive.
    static func isZip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6])
    }

    /// Calls the closure with the name and place of every file, in directory order.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the archive is truncated, malformed,
    ///   encrypted or compressed in another way; whatever the closure throws.
    static func forEach(
        _ bytes: UnsafeRawBufferPointer,
        name: String,
        _ body: (_ name: UnsafeRawBufferPointer, _ member: Member) throws -> Void
    ) throws {
        let directory = try directory(bytes, name)
        var position = directory.lowerBound
        while position + entryByteCount <= directory.upperBound {
            guard integer(bytes, position, UInt32.self) == 0x0201_4B50 else {
                throw malformed(name, position)
            }
            let nameCount = Int(integer(bytes, position + 28, UInt16.self))
            let extraCount = Int(integer(bytes, position + 30, UInt16.self))
            let commentCount = Int(integer(bytes, position + 32, UInt16.self))
            let nameStart = position + entryByteCount
            let end = nameStart + nameCount + extraCount + commentCount
            guard end <= directory.upperBound else { throw malformed(name, position) }
            let path = part(bytes, nameStart, nameCount)
            if path.last != 0x2F {
                let extra = part(bytes, nameStart + nameCount, extraCount)
                try body(path, member(bytes, at: position, extra: extra, path: path, name))
            }
            position = end
        }
    }

    /// The bytes of a file as they are stored.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when they are not inside the archive.
    static func stored(
        _ member: Member,
        in bytes: UnsafeRawBufferPointer,
        path: String
    ) throws(FleetError) -> UnsafeRawBufferPointer {
        let header = member.headerOffset
        guard header >= 0, header <= bytes.count - 30,
            integer(bytes, header, UInt32.self) == 0x0403_4B50
        else { throw FleetError(.invalidArgument, "\(path) is not where its archive says") }
        let start =
            header + 30 + Int(integer(bytes, header + 26, UInt16.self))
            + Int(integer(bytes, header + 28, UInt16.self))
        guard start <= bytes.count, member.storedByteCount <= bytes.count - start else {
            throw FleetError(.invalidArgument, "\(path) ends beyond its archive: it is truncated")
        }
        return part(bytes, start, member.storedByteCount)
    }

    /// Gives the content of a stored file, or inflates it into a buffer, and checks its CRC-32.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when it is damaged.
    static func content(
        _ member: Member,
        in bytes: UnsafeRawBufferPointer,
        path: String,
        buffer: inout FileBuffer
    ) throws(FleetError) -> UnsafeRawBufferPointer {
        let stored = try stored(member, in: bytes, path: path)
        var content = stored
        if member.isDeflated {
            let output = buffer.room(member.byteCount)
            do {
                try DeflateData.inflate(stored, into: output)
            } catch {
                throw FleetError(.invalidArgument, "\(path): \(error)")
            }
            content = UnsafeRawBufferPointer(output)
        }
        guard DeflateData.crc32(content) == member.checksum else {
            throw FleetError(.invalidArgument, "\(path) does not match its checksum: it is damaged")
        }
        return content
    }

    private static func member(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int,
        extra: UnsafeRawBufferPointer,
        path: UnsafeRawBufferPointer,
        _ name: String
    ) throws -> Member {
        let flags = integer(bytes, position + 8, UInt16.self)
        let method = integer(bytes, position + 10, UInt16.self)
        func refuse(_ why: String) -> FleetError {
            FleetError(
                .invalidArgument,
                "\(String(decoding: path.prefix(200), as: UTF8.self)) in \(name) \(why)",
                hint: "pack the archive again with plain zip, or use tar"
            )
        }
        guard flags & 1 == 0 else { throw refuse("is encrypted") }
        guard method == 0 || method == 8 else { throw refuse("has compression method \(method)") }
        // Fields of 4 bytes that are all ones stand in the zip64 field, in this order.
        let small = [24, 20, 42].map { integer(bytes, position + $0, UInt32.self) }
        var wide = zip64(extra)
        var values: [Int] = []
        for value in small {
            guard value == .max else {
                values.append(Int(value))
                continue
            }
            guard wide.count >= 8, let large = Int(exactly: integer(wide, 0, UInt64.self)) else {
                throw refuse("has no size")
            }
            values.append(large)
            wide = part(wide, 8, wide.count - 8)
        }
        guard method == 8 || values[0] == values[1] else { throw refuse("has two sizes") }
        return Member(
            headerOffset: values[2],
            storedByteCount: values[1],
            byteCount: values[0],
            isDeflated: method == 8,
            checksum: integer(bytes, position + 16, UInt32.self)
        )
    }

    /// The zip64 field among a member's extra fields, empty when there is none.
    private static func zip64(_ extra: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var position = 0
        while position + 4 <= extra.count {
            let count = Int(integer(extra, position + 2, UInt16.self))
            guard count <= extra.count - position - 4 else { break }
            if integer(extra, position, UInt16.self) == 1 {
                return part(extra, position + 4, count)
            }
            position += 4 + count
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Where the central directory lies.
    private static func directory(
        _ bytes: UnsafeRawBufferPointer,
        _ name: String
    ) throws -> Range<Int> {
        let last = bytes.count - endByteCount
        var end = last
        while end >= 0, end >= last - 0xFFFF, integer(bytes, end, UInt32.self) != 0x0605_4B50 {
            end -= 1
        }
        guard end >= 0, end >= last - 0xFFFF else {
            throw FleetError(
                .invalidArgument,
                "the archive \(name) has no end: it is truncated or no zip archive",
                hint: "copy it again"
            )
        }
        var count = Int(integer(bytes, end + 12, UInt32.self))
        var start = Int(integer(bytes, end + 16, UInt32.self))
        let locator = end - 20
        if locator >= 0, integer(bytes, locator, UInt32.self) == 0x0706_4B50,
            let wide = Int(exactly: integer(bytes, locator + 8, UInt64.self)),
            wide <= bytes.count - 56, integer(bytes, wide, UInt32.self) == 0x0606_4B50,
            let wideCount = Int(exactly: integer(bytes, wide + 40, UInt64.self)),
            let wideStart = Int(exactly: integer(bytes, wide + 48, UInt64.self))
        {
            (count, start) = (wideCount, wideStart)
        }
        guard start <= end, count <= end - start else { throw malformed(name, end) }
        return start..<(start + count)
    }

    private static func malformed(_ name: String, _ position: Int) -> FleetError {
        FleetError(
            .invalidArgument,
            "the archive \(name) is malformed at byte \(position)",
            hint: "copy or pack it again"
        )
    }

    private static func part(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ count: Int
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
    }

    private static func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer,
        _ offset: Int,
        _ type: Value.Type
    ) -> Value {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
}
