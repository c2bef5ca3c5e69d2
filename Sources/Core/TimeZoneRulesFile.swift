#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension TimeZoneRules {
    /// Reads the bytes of a TZif file.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when they are not a whole, valid file.
    public init(tzif bytes: [UInt8], identifier: String) throws {
        var reader = TZifReader(bytes: bytes)
        guard let rules = reader.rules(identifier: identifier) else {
            throw FleetError(
                .dataLoss,
                "the time zone file of \"\(identifier)\" is damaged",
                hint: "install tzdata again"
            )
        }
        self = rules
    }

    /// Loads a zone of the machine's time zone database; `UTC` and `Z` need none.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when there is no such zone, `.notFound` when
    ///   the machine has no time zone database.
    public static func load(_ identifier: String) throws -> TimeZoneRules {
        try load(identifier, folder: "/usr/share/zoneinfo")
    }

    static func load(_ identifier: String, folder: String) throws -> TimeZoneRules {
        if identifier == "UTC" || identifier == "Z" { return .utc }
        guard isZoneName(identifier) else { throw unknown(identifier, folder: folder) }
        guard access(folder, R_OK) == 0 else {
            throw FleetError(
                .notFound,
                "cannot load the time zone \"\(identifier)\": this machine has no time zone data",
                hint: "install tzdata, or use UTC"
            )
        }
        guard let bytes = read(folder + "/" + identifier), bytes.starts(with: Array("TZif".utf8))
        else { throw unknown(identifier, folder: folder) }
        return try TimeZoneRules(tzif: bytes, identifier: identifier)
    }

    /// Names are paths below one folder, so nothing may lead out of it.
    private static func isZoneName(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2F, 0x5F: true
            default: false
            }
        }
        return isPlain && !name.isEmpty && name.utf8.count <= 64 && name.utf8.first != 0x2F
    }

    private static func unknown(_ identifier: String, folder: String) -> FleetError {
        let names = zoneNames(folder: folder)
        let hint = DidYouMean.suggestion(for: identifier, among: names)
            .map { "did you mean \"\($0)\"?" }
        return FleetError(
            .invalidArgument,
            "\"\(identifier.prefix(64))\" is not a time zone",
            hint: hint ?? "use an IANA name such as Europe/Berlin, or UTC"
        )
    }

    /// The names in the table of zones, empty when there is none.
    private static func zoneNames(folder: String) -> [String] {
        guard let table = read(folder + "/zone1970.tab") ?? read(folder + "/zone.tab") else {
            return []
        }
        var names = ["UTC"]
        for line in table.split(separator: 0x0A) where line.first != 0x23 {
            let columns = line.split(separator: 0x09)
            if columns.count > 2 { names.append(String(decoding: columns[2], as: UTF8.self)) }
        }
        return names
    }

    /// The bytes of a file of at most 1 MiB, nil when it cannot be read.
    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let capacity = 1 << 20
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            while count < capacity, let start = buffer.baseAddress {
                #if canImport(Glibc)
                let got = Glibc.read(file, start + count, capacity - count)
                #else
                let got = Darwin.read(file, start + count, capacity - count)
                #endif
                if got < 0 { failed = true }
                guard got > 0 else { break }
                count += got
            }
        }
        return failed || bytes.count == capacity ? nil : bytes
    }
}

/// Reads TZif bytes front to back; every step is nil when the bytes end early.
private struct TZifReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private struct Header {
        let version: UInt8
        let isUTCount: Int
        let isStandardCount: Int
        let leapCount: Int
        let timeCount: Int
        let typeCount: Int
        let characterCount: Int

        func blockSize(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + characterCount
                + leapCount * (timeSize + 4) + isStandardCount + isUTCount
        }
    }

    mutating func rules(identifier: String) -> TimeZoneRules? {
        guard var header = header() else { return nil }
        guard header.version >= 0x32 else {  // Version 1: 32-bit times and no footer.
            return block(header, timeSize: 4, identifier: identifier)
        }
        position += header.blockSize(timeSize: 4)
        guard let second = self.header() else { return nil }
        header = second
        return block(header, timeSize: 8, identifier: identifier)
    }

    private mutating func header() -> Header? {
        guard bytes.count - position >= 44, bytes[position..<(position + 4)] == [84, 90, 105, 102]
        else { return nil }
        let version = bytes[position + 4]
        position += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(4), count >= 0, count <= 1 << 20 else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version,
            isUTCount: counts[0],
            isStandardCount: counts[1],
            leapCount: counts[2],
            timeCount: counts[3],
            typeCount: counts[4],
            characterCount: counts[5]
        )
    }

    private mutating func block(
        _ header: Header,
        timeSize: Int,
        identifier: String
    ) -> TimeZoneRules? {
        guard header.typeCount > 0, bytes.count - position >= header.blockSize(timeSize: timeSize)
        else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.timeCount {
            guard let time = integer(timeSize), times.last.map({ $0 < time }) ?? true else {
                return nil
            }
            times.append(time)
        }
        let indexes = bytes[position..<(position + header.timeCount)].map(Int.init)
        position += header.timeCount
        var types: [Int] = []
        for _ in 0..<header.typeCount {
            guard let offset = integer(4), abs(offset) < 100_000 else { return nil }
            types.append(Int(offset))
            position += 2
        }
        guard indexes.allSatisfy({ $0 < types.count }) else { return nil }
        position +=
            header.characterCount + header.leapCount * (timeSize + 4) + header.isStandardCount
            + header.isUTCount
        var footer: PosixTimeZone?
        if timeSize == 8 {
            guard let text = footerText() else { return nil }
            footer = PosixTimeZone(parsing: text)
            guard footer != nil || text.isEmpty else { return nil }
        }
        return TimeZoneRules(
            identifier: identifier,
            transitions: times,
            offsets: indexes.map { types[$0] },
            initialOffset: types[0],
            footer: footer
        )
    }

    /// The line after the data block, nil when there is none.
    private func footerText() -> ArraySlice<UInt8>? {
        guard position < bytes.count, bytes[position] == 0x0A else { return nil }
        let rest = bytes[(position + 1)...]
        return rest.firstIndex(of: 0x0A).map { rest[..<$0] }
    }

    /// A big-endian signed number of 4 or 8 bytes.
    private mutating func integer(_ size: Int) -> Int64? {
        guard bytes.count - position >= size else { return nil }
        var value: UInt64 = 0
        for byte in bytes[position..<(position + size)] { value = value << 8 | UInt64(byte) }
        position += size
        return size == 4
            ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
}
