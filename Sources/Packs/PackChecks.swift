internal import Core
internal import Crypto

/// Decides whether bytes are a whole layer; afterwards every section of it is inside.
struct PackChecks {
    let bytes: UnsafeRawBufferPointer
    let name: String
    let checksHashes: Bool

    /// Areas and parents of a layer.
    struct Map {
        var areas: [PackArea] = []
        var parents: [PackParent] = []
    }

    /// The footer, after its own hash, the sizes in it and the hashes of keys and map were checked.
    ///
    /// - Throws: ``FleetError`` `.dataLoss`, or `.unsupported` for a version that is not known.
    func footer() throws -> PackFooter {
        try checkHead()
        let start = bytes.count - PackLayout.footerByteCount
        let raw = bytes.part(start, PackLayout.footerByteCount)
        guard raw.integer(at: 0, as: UInt64.self) == PackLayout.endMagic else {
            throw damaged("it does not end like a pack; it may be cut off")
        }
        try check(
            raw.part(0, PackLayout.footerHashOffset),
            raw.integer(at: PackLayout.footerHashOffset, as: UInt64.self),
            "its footer"
        )
        let version = raw.integer(at: 8, as: UInt32.self)
        guard version == PackLayout.version else {
            throw FleetError(
                .unsupported,
                "\(name) has pack version \(version)",
                hint: "this build reads version \(PackLayout.version); use a newer one"
            )
        }
        let footer = try sizes(raw)
        try check(
            bytes.part(footer.keysOffset, footer.keysByteCount),
            footer.keysHash,
            "its list of keys"
        )
        try check(
            bytes.part(footer.mapOffset, footer.mapByteCount),
            footer.mapHash,
            "its map"
        )
        return footer
    }

    /// The digest that the footer of a checked layer holds.
    var digest: PackDigest {
        let start = bytes.count - PackLayout.footerByteCount + PackLayout.digestOffset
        return PackDigest(bytes: bytes.part(start, PackDigest.byteCount)) ?? .none
    }

    /// The digest that the bytes of a checked layer really have.
    func computedDigest(_ footer: PackFooter) -> PackDigest {
        var hasher = SHA256()
        hasher.update(
            bufferPointer: bytes.part(
                footer.textsOffset,
                footer.footerOffset + PackLayout.digestOffset - footer.textsOffset
            )
        )
        return PackDigest(hasher.finalize())
    }

    private func checkHead() throws {
        guard let base = bytes.baseAddress,
            bytes.count >= PackLayout.headByteCount + PackLayout.footerByteCount
        else { throw damaged("it has only \(bytes.count) bytes") }
        guard UInt(bitPattern: base) % 8 == 0 else {
            throw FleetError(.internal, "\(name) is not at a multiple of 8 in memory")
        }
        let magic = bytes.integer(at: 0, as: UInt64.self)
        if magic == PackLayout.oldMagic {
            throw FleetError(
                .unsupported,
                "\(name) has pack version 1, which is no longer read",
                hint: "import the fleet again"
            )
        }
        let rest = bytes.part(8, PackLayout.headByteCount - 8)
        guard magic == PackLayout.magic, rest.allSatisfy({ $0 == 0 }) else {
            throw damaged("it does not begin like a pack")
        }
    }

    private func sizes(_ raw: UnsafeRawBufferPointer) throws -> PackFooter {
        /// A count of things that take at least a byte each, so that sums cannot overflow.
        func size(_ offset: Int, _ what: String, max: Int) throws -> Int {
            let value = raw.integer(at: offset, as: UInt64.self)
            guard value <= UInt64(max) else {
                throw damaged("its \(what) is \(value) in \(bytes.count) bytes")
            }
            return Int(value)
        }
        var footer = PackFooter()
        footer.entryCount = try size(
            24,
            "entry count",
            max: min(PackLayout.entryCountMax, bytes.count / PackRecord.byteCount)
        )
        // The layers below may hold more than this file could.
        footer.liveCount = try size(
            32,
            "model count",
            max: PackLayout.entryCountMax * PackParent.layerCountMax
        )
        footer.tombstoneCount = try size(40, "tombstone count", max: footer.entryCount)
        footer.parentCount = try size(48, "parent count", max: PackParent.layerCountMax - 1)
        footer.blocksByteCount = try size(56, "block bytes", max: bytes.count)
        footer.textsByteCount = try size(
            64,
            "text bytes",
            max: min(bytes.count, PackLayout.textsByteCountMax)
        )
        footer.namesByteCount = try size(72, "name bytes", max: min(bytes.count, Int(UInt32.max)))
        footer.mapByteCount = try size(80, "map bytes", max: bytes.count)
        footer.areaCount = Int(raw.integer(at: 12, as: UInt32.self))
        footer.keysHash = raw.integer(at: 88, as: UInt64.self)
        footer.mapHash = raw.integer(at: 96, as: UInt64.self)
        guard footer.fileByteCount == bytes.count,
            raw.integer(at: 16, as: UInt64.self) == UInt64(bytes.count)
        else {
            throw damaged(
                "it has \(bytes.count) bytes, but its sections need \(footer.fileByteCount)"
            )
        }
        return footer
    }

    /// Families and parents.
    func map(_ footer: PackFooter) throws -> Map {
        var cursor = TextCursor(bytes.part(footer.mapOffset, footer.mapByteCount))
        var map = Map()
        for _ in 0..<footer.areaCount {
            guard let family = cursor.number(UInt64.self).flatMap({ UInt16(exactly: $0) }),
                let modelCount = cursor.number(UInt64.self).flatMap({ Int(exactly: $0) }),
                let start = cursor.number(UInt64.self), let byteCount = cursor.number(UInt64.self),
                modelCount <= footer.entryCount, start >= UInt64(footer.blocksOffset),
                start <= UInt64(footer.blocksEnd),
                byteCount <= UInt64(footer.blocksEnd) - start
            else { throw damaged("its list of families does not fit") }
            map.areas.append(
                PackArea(
                    family: family,
                    modelCount: modelCount,
                    range: Int(start)..<Int(start + byteCount)
                )
            )
        }
        for _ in 0..<footer.parentCount {
            guard let raw = cursor.raw(PackDigest.byteCount), let digest = PackDigest(bytes: raw),
                let location = cursor.text(),
                location.utf8.count <= PackParent.locationByteCountMax
            else { throw damaged("its list of layers does not fit") }
            map.parents.append(PackParent(digest: digest, location: location))
        }
        guard cursor.isAtEnd else { throw damaged("its map does not fit") }
        return map
    }

    private func check(
        _ part: UnsafeRawBufferPointer,
        _ hash: UInt64,
        _ what: String
    ) throws {
        guard !checksHashes || XXHash64.hash(part) == hash else {
            throw damaged("\(what) does not match its hash")
        }
    }

    func damaged(_ problem: String) -> FleetError {
        FleetError(
            .dataLoss,
            "\(name) is damaged: \(problem)",
            hint: "publish the fleet version again or restore the file"
        )
    }
}
