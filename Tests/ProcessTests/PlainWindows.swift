import Core

#if arch(x86_64)
typealias Extended = Float80
#else
typealias Extended = Double
#endif

/// A closed window, computed or read.
struct WindowRow {
    struct ID: Hashable, CustomStringConvertible {
        let definition: String
        let key: SeriesKey
        let end: Int64

        var description: String { "\(definition) \(key) \(Timestamp(microseconds: end))" }
    }

    let id: ID
    let start: Int64
    var count: Int
    var sum: Double
    var mean: Double
    var min: Double
    var max: Double
    /// Nil below two readings.
    var stddev: Double?
    var first: Double
    var last: Double
}

/// Windows, late readings and counts of a whole server.
struct WindowPicture {
    var rows: [WindowRow] = []
    /// Per definition: the late readings, sorted.
    var late: [String: [Reading]] = [:]
    var accepted = 0
    var duplicates = 0

    /// What differs from another picture, a line each.
    func differences(from other: WindowPicture) -> [String] {
        var lines: [String] = []
        if accepted != other.accepted { lines.append("accepted \(accepted), \(other.accepted)") }
        if duplicates != other.duplicates {
            lines.append("duplicates \(duplicates), \(other.duplicates)")
        }
        for definition in Set(late.keys).union(other.late.keys).sorted() {
            let (own, others) = (late[definition, default: []], other.late[definition, default: []])
            if own.sorted() != others.sorted() {
                lines.append("late readings of \(definition): \(own.count), \(others.count)")
            }
        }
        let theirs = Dictionary(grouping: other.rows, by: \.id)
        let mine = Dictionary(grouping: rows, by: \.id)
        for (id, found) in mine {
            if found.count > 1 { lines.append("\(id): \(found.count) rows on the left") }
            guard let match = theirs[id] else {
                lines.append("\(id): only on the left")
                continue
            }
            if match.count > 1 { lines.append("\(id): \(match.count) rows on the right") }
            lines += Self.differences(found[0], match[0])
        }
        lines += theirs.keys.filter { mine[$0] == nil }.map { "\($0): only on the right" }
        return lines
    }

    private static func differences(_ left: WindowRow, _ right: WindowRow) -> [String] {
        var names: [String] = []
        if left.start != right.start { names.append("start") }
        if left.count != right.count { names.append("count") }
        for (name, path) in exact where left[keyPath: path] != right[keyPath: path] {
            names.append(name)
        }
        for (name, path) in [("sum", \WindowRow.sum), ("mean", \.mean)]
        where !isClose(left[keyPath: path], right[keyPath: path]) {
            names.append(name)
        }
        switch (left.stddev, right.stddev) {
        case (nil, nil): break
        case (let own?, let other?) where isClose(own, other): break
        default: names.append("stddev")
        }
        return names.map { "\(left.id): \($0) differs: \(left), \(right)" }
    }

    private static var exact: [(String, KeyPath<WindowRow, Double>)] {
        [("min", \.min), ("max", \.max), ("first", \.first), ("last", \.last)]
    }

    private static func isClose(_ left: Double, _ right: Double) -> Bool {
        abs(left - right) <= 1e-12 * Swift.max(abs(left), abs(right))
    }
}

/// Windowing written down as plainly as possible: every reading kept, nothing clever.
struct PlainWindows {
    struct Definition {
        let name: String
        let size: Int64
        let lateness: Int64
    }

    private struct Kept {
        let time: Int64
        let value: Double
        let place: Int
    }

    private struct Partition {
        var newest: Int64?
        var recent: [SeriesKey: [Int64]] = [:]
    }

    /// The picture that readings in log order must give once everything is closed.
    static func picture(
        of readings: [Reading],
        _ definitions: [Definition],
        partitionCount: Int
    ) -> WindowPicture {
        var picture = WindowPicture()
        var partitions = [Partition](repeating: Partition(), count: partitionCount)
        var windows: [WindowRow.ID: [Kept]] = [:]
        for definition in definitions { picture.late[definition.name] = [] }
        for (place, reading) in readings.enumerated() {
            picture.accepted += 1
            let number = reading.key.partition(of: partitionCount)
            let recent = partitions[number].recent[reading.key, default: []]
            guard !recent.contains(reading.time) else {
                picture.duplicates += 1
                continue
            }
            partitions[number].recent[reading.key] = (recent + [reading.time]).suffix(8)
            let newest = partitions[number].newest
            for definition in definitions {
                let end = (reading.time / definition.size + 1) * definition.size
                if let newest, end <= newest - definition.lateness {
                    picture.late[definition.name, default: []].append(reading)
                } else {
                    let id = WindowRow.ID(definition: definition.name, key: reading.key, end: end)
                    windows[id, default: []].append(
                        Kept(time: reading.time, value: reading.value, place: place)
                    )
                }
            }
            partitions[number].newest = Swift.max(newest ?? reading.time, reading.time)
        }
        for (id, kept) in windows {
            let size = definitions.first { $0.name == id.definition }?.size ?? 0
            if let row = row(id, kept, size: size) { picture.rows.append(row) }
        }
        return picture
    }

    private static func row(_ id: WindowRow.ID, _ kept: [Kept], size: Int64) -> WindowRow? {
        let ordered = kept.sorted { ($0.time, $0.place) < ($1.time, $1.place) }
        let values = ordered.map(\.value)
        guard
            let first = values.first, let last = values.last, let min = values.min(),
            let max = values.max()
        else { return nil }
        let count = Extended(values.count)
        let sum = values.reduce(Extended(0)) { $0 + Extended($1) }
        let mean = sum / count
        let squares = values.map { (Extended($0) - mean) * (Extended($0) - mean) }
            .reduce(Extended(0), +)
        let deviation = Double((squares / (count - 1)).squareRoot())
        return WindowRow(
            id: id,
            start: id.end - size,
            count: values.count,
            sum: Double(sum),
            mean: Double(mean),
            min: min,
            max: max,
            stddev: values.count < 2 ? nil : deviation,
            first: first,
            last: last
        )
    }
}
