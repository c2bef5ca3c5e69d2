internal import Core

extension PackAssembly {
    /// Writes the texts that entries refer to, in order of first use, and renames the references.
    mutating func writeTexts(to sink: PackSink) throws {
        let start = sink.count
        var placed: ContiguousArray<UInt32> = .init(repeating: 0, count: writer.texts.count)
        for position in order {
            var model = writer.models[Int(position)]
            for field in PackRecord.TextField.allCases where model.record[field] > 0 {
                let number = Int(model.record[field]) - 1
                if placed[number] == 0 {
                    placed[number] = UInt32((sink.count - start) / 4 + 1)
                    try writer.texts.withText(number) { text in
                        try Self.write(text, at: sink.count - start, to: sink)
                    }
                }
                model.record[field] = placed[number]
            }
            writer.models[Int(position)] = model
        }
        footer.textsByteCount = sink.count - start
    }

    private static func write(
        _ text: UnsafeRawBufferPointer,
        at offset: Int,
        to sink: PackSink
    ) throws {
        guard offset + text.count + 16 <= PackLayout.textsByteCountMax else {
            throw FleetError(
                .resourceExhausted,
                "the descriptions of this fleet version take more than 16 GiB"
            )
        }
        let head = UInt64(text.count) | XXHash64.hash(text) << 32
        try withUnsafeBytes(of: head.littleEndian) { try sink.append($0) }
        try sink.append(text)
        try sink.pad(to: 4)
    }

    mutating func writeKeys(to sink: PackSink) throws {
        var bytes: [UInt8] = []
        try writer.keys.withKeys { key in
            var byteCount = 0
            for position in order {
                let key = key(Int(position))
                byteCount += key.device.count + key.sensor.count
            }
            guard byteCount <= Int(UInt32.max) else {
                throw FleetError(
                    .resourceExhausted,
                    "a fleet version holds at most 4 GiB of keys"
                )
            }
            footer.namesByteCount = byteCount
            bytes.reserveCapacity(byteCount + order.count * PackLayout.keyColumnsByteCount)
            var end: UInt32 = 0
            for position in order {
                let key = key(Int(position))
                end += UInt32(key.device.count + key.sensor.count)
                bytes.append(end)
            }
            for position in order { bytes.append(UInt16(key(Int(position)).device.count)) }
            for position in order { bytes.append(writer.models[Int(position)].family) }
            for position in order {
                let key = key(Int(position))
                bytes.append(contentsOf: key.device)
                bytes.append(contentsOf: key.sensor)
            }
        }
        footer.keysHash = bytes.withUnsafeBytes { XXHash64.hash($0) }
        try sink.append(bytes)
    }

    func writeRecords(to sink: PackSink) throws {
        for (position, index) in order.enumerated() {
            var record = writer.models[Int(index)].record
            record.check = record.computedCheck(at: position)
            try withUnsafeBytes(of: record) { try sink.append($0) }
        }
    }

    mutating func writeMap(_ areas: [PackArea], to sink: PackSink) throws {
        var bytes: [UInt8] = []
        for area in areas {
            bytes.append(UInt64(area.family))
            bytes.append(UInt64(area.modelCount))
            bytes.append(UInt64(area.range.lowerBound))
            bytes.append(UInt64(area.range.count))
        }
        for parent in parents {
            guard parent.location.utf8.count <= PackParent.locationByteCountMax else {
                throw FleetError(
                    .invalidArgument,
                    "the location of a layer has \(parent.location.utf8.count) bytes: "
                        + "\(parent.location.prefix(60))…"
                )
            }
            withUnsafeBytes(of: parent.digest) { bytes.append(contentsOf: $0) }
            PackText.append(parent.location, to: &bytes)
        }
        footer.mapByteCount = bytes.count
        footer.mapHash = bytes.withUnsafeBytes { XXHash64.hash($0) }
        try sink.append(bytes)
    }
}
