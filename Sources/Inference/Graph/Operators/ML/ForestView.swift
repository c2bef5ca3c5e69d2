/// A ``ForestTable`` in memory that somebody else owns; evaluation is safe for any numbers in it.
struct ForestView {
    let settings: ForestSettings
    let base: UnsafeBufferPointer<Double>
    let roots: UnsafeBufferPointer<UInt32>
    let values: UnsafeBufferPointer<Double>
    let keys: UnsafeBufferPointer<UInt32>
    let links: UnsafeBufferPointer<UInt32>
    let voteTargets: UnsafeBufferPointer<UInt32>
    let voteWeights: UnsafeBufferPointer<Double>
    let members: UnsafeBufferPointer<Double>

    /// Evaluates rows; false for a row means that the table is damaged.
    ///
    /// - Shape: `rows` is `[count, columns]`, `outputs` `[count, outputCount]`, row-major.
    func evaluate(
        _ rows: UnsafePointer<Double>,
        count: Int,
        columns: Int,
        to outputs: UnsafeMutablePointer<Double>,
        failed: (Int) -> Void
    ) {
        let width = settings.targetCount
        // The votes of a row come first, then they are turned into what the row gives.
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width + 2) { memory in
            guard let votes = memory.baseAddress else { return }
            for row in 0..<count {
                if !collect(rows + row &* columns, columns, votes) { failed(row) }
                finish(votes, to: outputs + row &* outputCount)
            }
        }
    }

    private var outputCount: Int {
        switch settings.kind {
        case .scores: settings.targetCount
        case .classes: 1 &+ settings.targetCount
        case .oneTarget: 3
        case .bestClass: 2
        }
    }

    /// Adds up the votes of all trees for one row.
    private func collect(
        _ row: UnsafePointer<Double>,
        _ columns: Int,
        _ votes: UnsafeMutablePointer<Double>
    ) -> Bool {
        let isSum = settings.aggregate == .sum || settings.aggregate == .average
        // Extremes begin with a NaN, which no vote keeps.
        votes.initialize(repeating: isSum ? 0 : .nan, count: settings.targetCount)
        var isWhole = true
        for root in roots {
            guard let leaf = leaf(Int(root), row, columns) else {
                isWhole = false
                continue
            }
            let count = Int(keys[leaf] >> 4)
            if count == 1 {
                isWhole = vote(Int(links[leaf]), values[leaf], votes) && isWhole
                continue
            }
            let first = Int(links[leaf])
            guard first &+ count <= voteTargets.count else {
                isWhole = false
                continue
            }
            for index in first..<first &+ count {
                isWhole = vote(Int(voteTargets[index]), voteWeights[index], votes) && isWhole
            }
        }
        return isWhole
    }

    @inline(__always)
    private func vote(
        _ target: Int,
        _ weight: Double,
        _ votes: UnsafeMutablePointer<Double>
    ) -> Bool {
        guard target < settings.targetCount else { return false }
        switch settings.aggregate {
        case .sum, .average: votes[target] += weight
        case .minimum: votes[target] = votes[target] <= weight ? votes[target] : weight
        case .maximum: votes[target] = votes[target] >= weight ? votes[target] : weight
        }
        return true
    }

    /// The leaf a row falls into; nil when the table is damaged.
    @inline(__always)
    private func leaf(
        _ root: Int,
        _ row: UnsafePointer<Double>,
        _ columns: Int
    ) -> Int? {
        var index = root
        guard index < keys.count else { return nil }
        while true {
            let key = keys[index]
            let mode = key & 7
            if mode == ForestTable.Mode.leaf.rawValue { return index }
            let feature = Int(key >> 4)
            guard feature < columns else { return nil }
            let x = settings.roundsInput ? Double(Float(row[feature])) : row[feature]
            let isTrue: Bool
            if mode == ForestTable.Mode.atMost.rawValue, key & 8 == 0 {
                isTrue = x <= values[index]
            } else {
                isTrue = compare(x, mode, index, missing: key & 8 != 0)
            }
            let next = isTrue ? index &+ 1 : Int(links[index])
            guard next > index, next < keys.count else { return nil }
            index = next
        }
    }

    private func compare(_ x: Double, _ mode: UInt32, _ index: Int, missing: Bool) -> Bool {
        if x.isNaN { return missing }
        let value = values[index]
        switch mode {
        case ForestTable.Mode.atMost.rawValue: return x <= value
        case ForestTable.Mode.below.rawValue: return x < value
        case ForestTable.Mode.atLeast.rawValue: return x >= value
        case ForestTable.Mode.above.rawValue: return x > value
        case ForestTable.Mode.equal.rawValue: return x == value
        case ForestTable.Mode.notEqual.rawValue: return x != value
        default:
            let first = Int(value.bitPattern >> 32)
            let count = Int(value.bitPattern & 0xFFFF_FFFF)
            guard first &+ count <= members.count else { return false }
            for member in first..<first &+ count where members[member] == x { return true }
            return false
        }
    }

    /// Turns the votes for one row into its numbers.
    private func finish(
        _ votes: UnsafeMutablePointer<Double>,
        to output: UnsafeMutablePointer<Double>
    ) {
        let count = settings.targetCount
        for target in 0..<count {
            if settings.aggregate == .average { votes[target] /= Double(roots.count) }
            if votes[target].isNaN { votes[target] = 0 }
            if base.count == 1 {
                votes[target] += base[0]
            } else if target < base.count {
                votes[target] += base[target]
            }
            votes[target] = rounded(votes[target])
        }
        switch settings.kind {
        case .scores: finish(votes, count, to: output)
        case .classes:
            finish(votes, count, to: output + 1)
            output[0] = Double(first(output + 1, count))
        case .bestClass:
            settings.transform.apply(votes, count)
            for target in 0..<count { votes[target] = rounded(votes[target]) }
            let best = first(votes, count)
            output[0] = Double(best)
            output[1] = votes[best]
        case .oneTarget:
            let score = settings.target < count ? votes[settings.target] : .nan
            let isPlain = settings.transform == .none || settings.transform == .probit
            votes[0] = isPlain ? rounded(1 - score) : -score
            votes[1] = score
            finish(votes, 2, to: output + 1)
            output[0] = Double(first(output + 1, 2))
        }
    }

    private func finish(
        _ scores: UnsafeMutablePointer<Double>,
        _ count: Int,
        to output: UnsafeMutablePointer<Double>
    ) {
        settings.transform.apply(scores, count)
        for index in 0..<count { output[index] = rounded(scores[index]) }
    }

    private func first(_ values: UnsafePointer<Double>, _ count: Int) -> Int {
        var best = 0
        for index in 1..<max(1, count) where values[index] > values[best] { best = index }
        return best
    }

    @inline(__always)
    private func rounded(_ value: Double) -> Double {
        settings.isFloat ? Double(Float(value)) : value
    }
}
