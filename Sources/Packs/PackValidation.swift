internal import Core
internal import Crypto

/// Decides whether bytes are a whole pack; afterwards every offset in its directory is safe.
struct PackValidation {
    let bytes: UnsafeRawBufferPointer
    let name: String

    private struct Area {
        let family: UInt64
        let modelCount: UInt64
        let range: Range<Int>
    }

    /// Checks header and directory and returns the header.
    ///
    /// - Throws: ``FleetError`` `.dataLoss`, or `.unsupported` for a version that is not known.
    func check() throws -> PackHeader {
        let header = try readHeader()
        let directory = bytes.part(
            header.areasOffset,
            header.textsOffset - header.areasOffset
        )
        var hasher = SHA256()
        hasher.update(bufferPointer: directory)
        guard hasher.finalize() == header.directoryDigest else {
            throw damaged("its directory does not match its digest")
        }
        let areas = try readAreas(header)
        try checkEntries(header, areas)
        return header
    }

    private func readHeader() throws -> PackHeader {
        guard let base = bytes.baseAddress, bytes.count >= PackLayout.headerByteCount else {
            throw damaged("it has only \(bytes.count) bytes")
        }
        guard UInt(bitPattern: base) % 8 == 0 else {
            throw FleetError(.internal, "\(name) is not at a multiple of 8 in memory")
        }
        guard number(0) == PackLayout.magic else { throw damaged("it does not begin like a pack") }
        let hashed = bytes.part(0, PackLayout.headerHashOffset)
        guard number(PackLayout.headerHashOffset) == XXHash64.hash(hashed) else {
            throw damaged("its header does not match its hash")
        }
        let version = bytes.integer(at: 8, as: UInt32.self)
        guard version == PackLayout.version else {
            throw FleetError(
                .unsupported,
                "\(name) has pack version \(version)",
                hint: "this build reads version \(PackLayout.version); use a newer one"
            )
        }
        var header = PackHeader()
        header.areaCount = Int(bytes.integer(at: 12, as: UInt32.self))
        // Each is a part of the file, so that the sums below cannot overflow.
        header.modelCount = try size(at: 16, "model count")
        header.keysByteCount = try size(at: 56, "key bytes")
        header.textsByteCount = try size(at: 72, "text bytes")
        header.blocksByteCount = try size(at: 88, "block bytes")
        header.directoryDigest = Array(bytes.part(96, PackLayout.digestByteCount))
        guard header.areaCount <= PackLayout.areaCountMax else {
            throw damaged("its header names \(header.areaCount) families")
        }
        guard header.fileByteCount == bytes.count else {
            throw damaged("it has \(bytes.count) bytes, not \(header.fileByteCount)")
        }
        let offsets = [
            header.fileByteCount, header.areasOffset, header.indexOffset, header.keysOffset,
            header.keysByteCount, header.textsOffset, header.textsByteCount, header.blocksOffset,
        ]
        for (position, offset) in offsets.enumerated()
        where number(24 + position * 8) != UInt64(offset) {
            throw damaged("the sections in its header do not fit together")
        }
        return header
    }

    /// A count of things that take at least a byte each.
    private func size(at offset: Int, _ what: String) throws -> Int {
        let value = number(offset)
        guard value <= UInt64(bytes.count) else {
            throw damaged("its \(what) is \(value) in \(bytes.count) bytes")
        }
        return Int(value)
    }

    private func readAreas(_ header: PackHeader) throws -> [Area] {
        var next = header.blocksOffset
        var areas: [Area] = []
        for index in 0..<header.areaCount {
            let offset = header.areasOffset + index * PackLayout.areaByteCount
            let byteCount = number(offset + 24)
            guard number(offset + 16) == UInt64(next),
                byteCount <= UInt64(header.fileByteCount - next)
            else { throw damaged("the area of family \(number(offset)) is not inside") }
            let end = next + Int(byteCount)
            areas.append(
                Area(
                    family: number(offset),
                    modelCount: number(offset + 8),
                    range: next..<end
                )
            )
            next = end
        }
        guard next == header.fileByteCount else { throw damaged("its families leave a gap") }
        return areas
    }

    private func checkEntries(_ header: PackHeader, _ areas: [Area]) throws {
        var key = header.keysOffset
        var text = header.textsOffset
        var counts = Array(repeating: UInt64(0), count: areas.count)
        var previous: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)?
        for index in 0..<header.modelCount {
            let entry = header.indexOffset + index * PackLayout.entryByteCount
            let names = try checkKey(index, entry, at: &key, end: header.textsOffset)
            if let previous, !Self.ascends(previous, names) {
                throw damaged("entry \(index) is out of key order")
            }
            previous = names
            let family = bytes.integer(at: entry + PackLayout.entryFamily, as: UInt16.self)
            guard let area = areas.firstIndex(where: { $0.family == UInt64(family) }) else {
                throw damaged("entry \(index) has the unknown family \(family)")
            }
            counts[area] += 1
            try checkBlock(index, entry, inside: areas[area].range)
            let texts =
                Int(
                    bytes.integer(
                        at: entry + PackLayout.entryDescriptionByteCount,
                        as: UInt32.self
                    )
                )
                + Int(
                    bytes.integer(at: entry + PackLayout.entryFindingsByteCount, as: UInt32.self)
                )
            guard number(entry + PackLayout.entryTextOffset) == UInt64(text),
                texts <= header.textsOffset + header.textsByteCount - text
            else { throw damaged("the description of entry \(index) is not inside") }
            text += texts
        }
        guard key == header.textsOffset, text == header.textsOffset + header.textsByteCount else {
            throw damaged("its keys or descriptions leave a gap")
        }
        guard counts == areas.map(\.modelCount) else {
            throw damaged("its families do not have the models they name")
        }
    }

    private func checkKey(
        _ index: Int,
        _ entry: Int,
        at offset: inout Int,
        end: Int
    ) throws -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        let device = Int(
            bytes.integer(at: entry + PackLayout.entryDeviceByteCount, as: UInt16.self)
        )
        let sensor = Int(
            bytes.integer(at: entry + PackLayout.entrySensorByteCount, as: UInt16.self)
        )
        guard number(entry + PackLayout.entryKeyOffset) == UInt64(offset),
            device + sensor <= end - offset
        else { throw damaged("the key of entry \(index) is not inside") }
        let names = (bytes.part(offset, device), bytes.part(offset + device, sensor))
        guard SeriesKey.isAllowed(names.0), sensor == 0 || SeriesKey.isAllowed(names.1) else {
            throw damaged("the key of entry \(index) is not allowed")
        }
        offset += device + sensor
        return names
    }

    private func checkBlock(_ index: Int, _ entry: Int, inside area: Range<Int>) throws {
        let start = number(entry + PackLayout.entryBlockOffset)
        let byteCount = number(entry + PackLayout.entryBlockByteCount)
        guard start >= UInt64(area.lowerBound), start <= UInt64(area.upperBound),
            start % UInt64(PackLayout.blockAlignment) == 0,
            byteCount <= UInt64(area.upperBound) - start
        else { throw damaged("the numbers of entry \(index) are not inside") }
    }

    private static func ascends(
        _ left: (UnsafeRawBufferPointer, UnsafeRawBufferPointer),
        _ right: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)
    ) -> Bool {
        let order = KeyOrder.compare(left.0, right.0)
        return order < 0 || (order == 0 && KeyOrder.compare(left.1, right.1) < 0)
    }

    private func number(_ offset: Int) -> UInt64 { bytes.integer(at: offset, as: UInt64.self) }

    private func damaged(_ problem: String) -> FleetError {
        FleetError(
            .dataLoss,
            "\(name) is damaged: \(problem)",
            hint: "publish the fleet version again or restore the file"
        )
    }
}
