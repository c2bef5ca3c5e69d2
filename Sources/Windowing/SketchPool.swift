import CMemory

/// The quantile sketches of a definition's windows in one block of memory.
///
/// A sketch counts readings by bucket (``QuantileBuckets``), as entries sorted by value. When its
/// readings lie in more than ``entryCountMax`` buckets, neighbouring buckets become one: the level
/// of a sketch is the lowest at which its readings fit. So a sketch is a function of its readings,
/// in whatever order they came and however they were merged.
///
/// - Range: a quantile is within 1 % of the reading of its rank while the readings lie in at most
///   512 buckets (35 an octave); each level above doubles the error.
/// - Memory: 8 bytes an entry, rounded up to 4, 8, 16 ... 512 entries, and 8 bytes a sketch.
struct SketchPool: Sendable {
    /// A key, biased, in the upper 18 bits; a count in the lower 46.
    typealias Entry = UInt64

    struct Sketch: BitwiseCopyable {
        /// Where its entries begin; of a free sketch the next free one.
        var start: UInt32
        var count: UInt16
        /// Room for `4 << sizeClass` entries.
        var sizeClass: UInt8
        var level: UInt8
    }

    static let entryCountMax = 512
    private static let countBits: UInt64 = 46
    private static let keyBias: Int32 = 1 << 17
    private static let none = UInt32.max

    private(set) var sketches = Column<Sketch>()
    /// Entries, in groups of four.
    private var entries = Column<Entry>()
    private var freeSketch = SketchPool.none
    /// Per size class: the first free run of entries; its first entry holds the next one.
    private var freeRuns = Array(repeating: SketchPool.none, count: 8)

    mutating func makeUnique() {
        sketches.makeUnique()
        entries.makeUnique()
    }

    /// Takes an empty sketch.
    mutating func add() -> Int32 {
        let sketch = Sketch(start: allocate(0), count: 0, sizeClass: 0, level: 0)
        if freeSketch != Self.none {
            let place = Int(freeSketch)
            freeSketch = sketches[place].start
            sketches.base[place] = sketch
            return Int32(place)
        }
        sketches.append(sketch)
        return Int32(sketches.count - 1)
    }

    mutating func free(_ sketch: Int32) {
        let place = Int(sketch)
        release(sketches[place].start, sketches[place].sizeClass)
        sketches.base[place].start = freeSketch
        freeSketch = UInt32(place)
    }

    mutating func insert(_ value: Double, into sketch: Int32) {
        insert(key: QuantileBuckets.key(of: value), level: 0, count: 1, into: sketch)
    }

    /// Adds the readings of another sketch.
    mutating func merge(_ other: Int32, into sketch: Int32) {
        let source = sketches[Int(other)]
        for index in 0..<Int(source.count) {
            let entry = entries[Int(source.start) * 4 + index]
            insert(
                key: Self.key(entry),
                level: Int(source.level),
                count: Self.count(entry),
                into: sketch
            )
        }
        raise(sketch, to: source.level)
    }

    /// Counts readings in a bucket of a level; the sketch rises to at least that level.
    mutating func insert(key: Int32, level: Int, count: UInt64, into sketch: Int32) {
        raise(sketch, to: UInt8(truncatingIfNeeded: level))
        var key = key
        for _ in level..<Int(sketches[Int(sketch)].level) { key = QuantileBuckets.parent(key) }
        while true {
            let state = sketches[Int(sketch)]
            let place = find(key, state)
            let base = entries.base + Int(state.start) * 4
            if place < Int(state.count), Self.key(base[place]) == key {
                base[place] &+= count
                return
            }
            if Int(state.count) < 4 << Int(state.sizeClass) {
                var index = Int(state.count)
                while index > place {
                    base[index] = base[index - 1]
                    index -= 1
                }
                base[place] = Self.entry(key, count)
                sketches.base[Int(sketch)].count += 1
                return
            }
            if 4 << Int(state.sizeClass) < Self.entryCountMax {
                enlarge(sketch)
            } else {
                raise(sketch, to: state.level + 1)
                key = QuantileBuckets.parent(key)
            }
        }
    }

    /// The entries of a sketch in the order of their values.
    func forEach(_ sketch: Int32, _ body: (_ key: Int32, _ count: UInt64) -> Void) {
        let state = sketches[Int(sketch)]
        for index in 0..<Int(state.count) {
            let entry = entries[Int(state.start) * 4 + index]
            body(Self.key(entry), Self.count(entry))
        }
    }

    /// The readings of the ranks `floor(q (n - 1))` for ascending quantiles q, within the error.
    func quantiles(
        _ points: [Double],
        of sketch: Int32,
        count: Int64,
        min lowest: Double,
        max highest: Double,
        into result: UnsafeMutablePointer<Double>
    ) {
        let state = sketches[Int(sketch)]
        let base = entries.base + Int(state.start) * 4
        var index = 0
        var seen: UInt64 = 0
        for (column, point) in points.enumerated() {
            let rank = UInt64(point * Double(count - 1))
            while index + 1 < Int(state.count), seen + Self.count(base[index]) <= rank {
                seen += Self.count(base[index])
                index += 1
            }
            let middle = QuantileBuckets.middle(of: Self.key(base[index]), level: Int(state.level))
            result[column] = middle < lowest ? lowest : middle > highest ? highest : middle
        }
    }

    /// The place of a key among the entries, or where it belongs.
    private func find(_ key: Int32, _ state: Sketch) -> Int {
        let base = entries.base + Int(state.start) * 4
        var low = 0
        var high = Int(state.count)
        while low < high {
            let middle = (low &+ high) >> 1
            if Self.key(base[middle]) < key { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// Joins neighbouring buckets until the sketch has a level.
    private mutating func raise(_ sketch: Int32, to level: UInt8) {
        while sketches[Int(sketch)].level < level {
            let state = sketches[Int(sketch)]
            let base = entries.base + Int(state.start) * 4
            var count = 0
            for index in 0..<Int(state.count) {
                let parent = QuantileBuckets.parent(Self.key(base[index]))
                if count > 0, Self.key(base[count - 1]) == parent {
                    base[count - 1] &+= Self.count(base[index])
                } else {
                    base[count] = Self.entry(parent, Self.count(base[index]))
                    count += 1
                }
            }
            sketches.base[Int(sketch)].count = UInt16(count)
            sketches.base[Int(sketch)].level += 1
        }
    }

    private mutating func enlarge(_ sketch: Int32) {
        let old = sketches[Int(sketch)]
        let start = allocate(old.sizeClass + 1)
        let source = entries.base + Int(old.start) * 4
        (entries.base + Int(start) * 4).update(from: source, count: Int(old.count))
        release(old.start, old.sizeClass)
        sketches.base[Int(sketch)].start = start
        sketches.base[Int(sketch)].sizeClass = old.sizeClass + 1
    }

    private mutating func allocate(_ sizeClass: UInt8) -> UInt32 {
        let free = freeRuns[Int(sizeClass)]
        if free != Self.none {
            freeRuns[Int(sizeClass)] = UInt32(truncatingIfNeeded: entries[Int(free) * 4])
            return free
        }
        let start = entries.count / 4
        precondition(start < Int(Self.none) - 128, "quantile sketches take less than 128 GiB")
        entries.grow(to: entries.count + 4 << Int(sizeClass), filledWith: 0)
        return UInt32(start)
    }

    private mutating func release(_ start: UInt32, _ sizeClass: UInt8) {
        entries.base[Int(start) * 4] = UInt64(freeRuns[Int(sizeClass)])
        freeRuns[Int(sizeClass)] = start
    }

    @inline(__always)
    private static func entry(_ key: Int32, _ count: UInt64) -> Entry {
        UInt64(UInt32(bitPattern: key &+ keyBias)) << countBits | count
    }

    @inline(__always)
    private static func key(_ entry: Entry) -> Int32 {
        Int32(truncatingIfNeeded: entry >> countBits) &- keyBias
    }

    @inline(__always)
    private static func count(_ entry: Entry) -> UInt64 { entry & (1 << countBits - 1) }
}
