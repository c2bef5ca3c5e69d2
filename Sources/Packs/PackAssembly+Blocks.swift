internal import Core

extension PackAssembly {
    func families() -> [Family] {
        var families: [UInt16: Family] = [:]
        for position in order {
            let family = writer.models[Int(position)].family
            guard PackLayout.isModelFamily(family) else { continue }
            families[family, default: Family(family: family)].positions.append(position)
        }
        return families.values.sorted { $0.family < $1.family }
    }

    /// The spool of a family when it is already what the file must begin with.
    func wholeSpool(of family: Family) throws -> PackSpool? {
        guard let spool = writer.spools[family.family] else { return nil }
        var offset = PackLayout.headByteCount
        for position in family.positions {
            let model = writer.models[Int(position)]
            guard model.source == 0, model.record.blockOffset == UInt64(offset) else { return nil }
            offset = PackLayout.aligned(offset + Int(model.record.blockByteCount))
        }
        return offset == spool.count ? spool : nil
    }

    /// Copies the blocks of a family in key order, as many at once as lie in a row.
    mutating func copyBlocks(of family: Family, to sink: PackSink) throws {
        var position = 0
        while position < family.positions.count {
            let first = writer.models[Int(family.positions[position])]
            if first.source > 0 {
                try copyBlock(of: Int(family.positions[position]), to: sink)
                position += 1
                continue
            }
            let start = Int(first.record.blockOffset)
            var end = start
            while position < family.positions.count, end - start < 4 << 20 {
                let index = Int(family.positions[position])
                var model = writer.models[index]
                guard model.source == 0, model.record.blockOffset == UInt64(end) else { break }
                model.record.blockOffset = UInt64(sink.count + end - start)
                writer.models[index] = model
                end = PackLayout.aligned(end + Int(model.record.blockByteCount))
                position += 1
            }
            try writer.spools[family.family]?.withBytes(start..<end) { try sink.append($0) }
        }
    }

    /// Copies a block of the parent, checking it.
    private mutating func copyBlock(of index: Int, to sink: PackSink) throws {
        guard let parent else { return }
        var model = writer.models[index]
        let layer = parent.layers[Int(model.source) - 1]
        guard let block = layer.columns.block(model.record),
            XXHash64.hash(block) == model.record.blockHash
        else {
            let key = writer.keys.withKeys { SeriesKey($0(index)) }
            throw FleetError(
                .dataLoss,
                "the model \(key) in \(layer.location) is damaged: its numbers do not match "
                    + "their hash",
                hint: "import that model again or restore the file"
            )
        }
        model.record.blockOffset = UInt64(sink.count)
        writer.models[index] = model
        try sink.append(block)
        try sink.pad()
    }
}
