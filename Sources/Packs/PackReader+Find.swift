package import Core

extension PackReader {
    /// The index of a key's model, nil when there is none.
    package func find(_ key: SeriesKey) -> Int? {
        let index = lowerBound(key, in: indices)
        return index < count && compare(index, key) == 0 ? index : nil
    }

    /// The same for a key that is likely near a start, such as the next one of a merge.
    ///
    /// Looks at or after the start only; a start beyond the last model finds nothing.
    package func find(_ key: SeriesKey, from start: Int) -> Int? {
        let index = lowerBound(key, from: start)
        return index < count && compare(index, key) == 0 ? index : nil
    }

    /// The first index at or after a start whose key is not below a key; `count` when none is.
    package func lowerBound(_ key: SeriesKey, from start: Int) -> Int {
        var lower = min(max(0, start), count)
        var step = 1
        while lower + step < count, compare(lower + step, key) < 0 {
            lower += step
            step *= 2
        }
        return lowerBound(key, in: lower..<min(count, lower + step + 1))
    }

    /// The models whose keys lie in `[from, to)`; nil leaves that side open.
    package func range(from: SeriesKey?, to: SeriesKey?) -> Range<Int> {
        let lower = from.map { lowerBound($0, in: indices) } ?? 0
        let upper = to.map { lowerBound($0, in: indices) } ?? count
        return lower..<max(lower, upper)
    }

    private func lowerBound(_ key: SeriesKey, in range: Range<Int>) -> Int {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            if compare(middle, key) < 0 {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        return lower
    }

    /// Below, at or above 0 as a model's key is below, equal to or above another.
    private func compare(_ index: Int, _ key: SeriesKey) -> Int {
        let stored = keyBytes(at: index)
        var device = key.device
        let order = device.withUTF8 { KeyOrder.compare(stored.device, UnsafeRawBufferPointer($0)) }
        guard order == 0 else { return order }
        var sensor = key.sensor
        return sensor.withUTF8 { KeyOrder.compare(stored.sensor, UnsafeRawBufferPointer($0)) }
    }
}

/// The bytewise order of names.
enum KeyOrder {
    static func compare(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer
    ) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count - right.count
    }
}
