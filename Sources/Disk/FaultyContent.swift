extension FaultyDiskState {
    /// The bytes of one file.
    struct Content {
        var bytes: [UInt8] = []
        /// Bytes at the front that were synced and not cut since.
        var syncedCount = 0
        /// The bytes at the last sync, when a later truncate cut into them.
        var beforeCut: [UInt8]?
        /// Of a prepared file: behind the bytes are zeros up to here.
        private(set) var zeroEnd = 0
        /// Where the zeros end after a power loss.
        private var durableZeroEnd = 0

        init(bytes: [UInt8] = []) {
            self.bytes = bytes
            syncedCount = bytes.count
        }

        /// A prepared file.
        init(zeroEnd: Int) {
            self.zeroEnd = zeroEnd
            durableZeroEnd = zeroEnd
        }

        var size: Int { max(bytes.count, zeroEnd) }

        /// The bytes there are of a range.
        func read(at offset: Int, count: Int) -> [UInt8] {
            guard offset < size else { return [] }
            let end = offset + min(count, size - offset)
            let written = bytes[min(offset, bytes.count)..<min(end, bytes.count)]
            return Array(written) + repeatElement(0, count: end - offset - written.count)
        }

        /// Makes the zeros of a prepared file bytes like others.
        mutating func writeOutZeros() {
            guard zeroEnd > bytes.count else { return }
            bytes.append(contentsOf: repeatElement(0, count: zeroEnd - bytes.count))
        }

        mutating func sync() {
            syncedCount = bytes.count
            beforeCut = nil
            durableZeroEnd = zeroEnd
        }

        /// Cuts or grows the file, remembering what a crash brings back; answers the bytes freed.
        mutating func truncate(to newSize: Int) -> Int {
            let freed = max(0, size - newSize)
            if newSize > size {
                writeOutZeros()
                bytes.append(contentsOf: repeatElement(0, count: newSize - bytes.count))
                return 0
            }
            zeroEnd = min(zeroEnd, newSize)
            guard newSize < bytes.count else { return freed }
            if newSize < syncedCount {
                if beforeCut == nil { beforeCut = Array(bytes[..<syncedCount]) }
                syncedCount = newSize
            }
            bytes.removeLast(bytes.count - newSize)
            return freed
        }

        /// What is left of the file after a power loss.
        func survivors(_ faults: DiskFaults, _ random: inout SeededGenerator) -> [UInt8] {
            if let beforeCut {
                if faults.tearsWrites, Bool.random(using: &random) { return bytes }
                return padded(beforeCut)
            }
            guard faults.tearsWrites, bytes.count > syncedCount else {
                return padded(Array(bytes[..<syncedCount]))
            }
            var kept = Int.random(in: syncedCount...bytes.count, using: &random)
            // Pages that were replaced reach the disk in any order.
            if durableZeroEnd > syncedCount { kept = bytes.count }
            var left = Array(bytes[..<kept])
            if faults.rotsBits, kept > syncedCount, Bool.random(using: &random) {
                let position = Int.random(in: syncedCount..<kept, using: &random)
                left[position] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
            if durableZeroEnd > syncedCount { losePages(of: &left, &random) }
            return padded(left)
        }

        /// Replaces some of the pages that were not synced by the zeros that were there before.
        private func losePages(of left: inout [UInt8], _ random: inout SeededGenerator) {
            let byteCount = 512
            for page in (syncedCount / byteCount)...(left.count / byteCount)
            where Bool.random(using: &random) {
                let start = max(syncedCount, page * byteCount)
                let end = min(left.count, (page + 1) * byteCount)
                for position in start..<max(start, end) { left[position] = 0 }
            }
        }

        private func padded(_ bytes: [UInt8]) -> [UInt8] {
            bytes + repeatElement(0, count: max(0, durableZeroEnd - bytes.count))
        }
    }
}
