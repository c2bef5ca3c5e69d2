package import Core
package import Inference

extension PackReader {
    /// The index of a key's model, nil when there is none.
    package func find(_ key: SeriesKey) -> Int? { key.withKeyBytes { find($0) } }

    /// The same for a key as bytes.
    package func find(_ key: KeyBytes) -> Int? {
        let index = lowerBound(key, in: indices)
        return index < count && keyBytes(at: index).compared(to: key) == 0 ? index : nil
    }

    /// The same for a key that is likely near a start, such as the next one of a merge.
    ///
    /// Looks at or after the start only; a start beyond the last model finds nothing.
    package func find(_ key: SeriesKey, from start: Int) -> Int? {
        key.withKeyBytes { find($0, from: start) }
    }

    /// The same for a key as bytes.
    package func find(_ key: KeyBytes, from start: Int) -> Int? {
        let index = lowerBound(key, from: start)
        return index < count && keyBytes(at: index).compared(to: key) == 0 ? index : nil
    }

    /// The first index at or after a start whose key is not below a key; `count` when none is.
    package func lowerBound(_ key: SeriesKey, from start: Int) -> Int {
        key.withKeyBytes { lowerBound($0, from: start) }
    }

    /// The same for a key as bytes.
    package func lowerBound(_ key: KeyBytes, from start: Int) -> Int {
        KeySearch.lowerBound(from: start, count: count) { keyBytes(at: $0).compared(to: key) < 0 }
    }

    /// The models whose keys lie in `[from, to)`; nil leaves that side open.
    package func range(from: SeriesKey?, to: SeriesKey?) -> Range<Int> {
        let lower = from.map { $0.withKeyBytes { lowerBound($0, in: indices) } } ?? 0
        let upper = to.map { $0.withKeyBytes { lowerBound($0, in: indices) } } ?? count
        return lower..<max(lower, upper)
    }

    /// Runs for the models of a range in key order, without making an object for any.
    ///
    /// The bytes of keys and blocks are valid inside the closure.
    package func forEach(
        in range: Range<Int>,
        _ body: (PackModel) throws -> Void
    ) rethrows {
        try withExtendedLifetime(layers) {
            for index in range { try body(PackModel(reader: self, index: index)) }
        }
    }

    private func lowerBound(_ key: KeyBytes, in range: Range<Int>) -> Int {
        KeySearch.lowerBound(in: range) { keyBytes(at: $0).compared(to: key) < 0 }
    }
}

/// One model of a merge, looked at where it lies.
package struct PackModel {
    let reader: PackReader
    package let index: Int

    package var key: KeyBytes { reader.keyBytes(at: index) }
    package var family: UInt16 { reader.family(at: index) }

    /// The bytes of the numbers, as ``PackReader/blockBytes(at:)`` gives them.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func blockBytes() throws -> UnsafeRawBufferPointer {
        try reader.blockBytes(at: index)
    }

    /// The model, as ``PackReader/block(at:)`` gives it.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` or `.invalidArgument` with the reason.
    package func view() throws -> ModelView { try reader.block(at: index) }
}

/// Binary searches by a predicate that holds for a front part.
enum KeySearch {
    @inline(__always)
    static func lowerBound(in range: Range<Int>, isBelow: (Int) -> Bool) -> Int {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            if isBelow(middle) {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        return lower
    }

    /// The same at or after a start that is likely near.
    @inline(__always)
    static func lowerBound(from start: Int, count: Int, isBelow: (Int) -> Bool) -> Int {
        var lower = min(max(0, start), count)
        var step = 1
        while step < count - lower, isBelow(lower + step) {
            lower += step
            step = min(step * 2, count)
        }
        return lowerBound(in: lower..<min(count, lower + step + 1), isBelow: isBelow)
    }
}
