internal import Core

extension PackAssembly {
    /// Sorts, and decides what is written: a layer over the parent, or everything.
    mutating func prepare() throws {
        order = try KeySorting.order(of: writer.keys)
        guard let parent else {
            let sorted = order
            order = sorted.filter { !isTombstone($0) }
            footer.liveCount = order.count
            return
        }
        let found = parentIndexes(parent)
        if compaction.isDue(over: parent, entryCount: order.count) {
            try absorb(parent)
            footer.liveCount = order.count
            return
        }
        var kept: [UInt32] = []
        kept.reserveCapacity(order.count)
        footer.liveCount = parent.count
        for (position, index) in zip(order, found) {
            let isTombstone = isTombstone(position)
            if isTombstone {
                // A key that is not below needs no entry to take it away.
                guard index != nil else { continue }
                footer.tombstoneCount += 1
                footer.liveCount -= 1
            } else if index == nil {
                footer.liveCount += 1
            }
            kept.append(position)
        }
        order = kept
        parents = parent.layers.map(\.reference)
    }

    private func isTombstone(_ position: UInt32) -> Bool {
        writer.models[Int(position)].family == PackLayout.tombstoneFamily
    }

    /// Where the parent has the key of each entry in order.
    private func parentIndexes(_ parent: PackReader) -> [Int?] {
        writer.keys.withKeys { key in
            var next = 0
            return order.map { position in
                next = parent.lowerBound(key(Int(position)), from: next)
                let isThere =
                    next < parent.count
                    && parent.keyBytes(at: next).compared(to: key(Int(position))) == 0
                return isThere ? next : nil
            }
        }
    }

    /// Adds the parent's models that are neither replaced nor taken away.
    private mutating func absorb(_ parent: PackReader) throws {
        let own = order
        let replaced = parentIndexes(parent)
        order = []
        order.reserveCapacity(own.count + parent.count)
        var next = 0
        for (position, index) in zip(own, replaced) {
            let end =
                index
                ?? writer.keys.withKeys { parent.lowerBound($0(Int(position)), from: next) }
            for below in next..<max(next, end) { try absorb(parent, below) }
            next = index.map { $0 + 1 } ?? max(next, end)
            if !isTombstone(position) { order.append(position) }
        }
        for below in next..<max(next, parent.count) { try absorb(parent, below) }
    }

    private mutating func absorb(_ parent: PackReader, _ index: Int) throws {
        guard writer.count < PackLayout.entryCountMax else {
            throw FleetError(
                .resourceExhausted,
                "a fleet version holds at most \(PackLayout.entryCountMax) models"
            )
        }
        var record = try parent.record(index)
        let columns = parent.place(index).0
        for field in PackRecord.TextField.allCases {
            guard let text = columns.text(record[field]) else {
                throw parent.damaged(index, "its description does not match its hash")
            }
            guard !text.isEmpty else {
                record[field] = 0
                continue
            }
            record[field] =
                try writer.texts.number(
                    of: text,
                    hash: XXHash64.hash(text),
                    isShared: field.isShared
                ) + 1
        }
        order.append(UInt32(writer.models.count))
        writer.keys.append(parent.keyBytes(at: index))
        var model = PendingModel(record: record, family: parent.family(at: index))
        model.source = UInt16(parent.layerNumber(of: index) + 1)
        writer.models.append(model)
    }
}
