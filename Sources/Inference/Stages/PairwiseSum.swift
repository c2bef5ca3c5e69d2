/// numpy's sum of numbers that lie side by side.
enum PairwiseSum {
    /// - Source: numpy, core/src/umath/loops_utils.h.src, pairwise_sum.
    static func sum(_ values: UnsafePointer<Double>, _ count: Int) -> Double {
        if count < 8 {
            var result = 0.0
            for index in 0..<count { result += values[index] }
            return result
        }
        if count > 128 {
            let half = count / 2 - (count / 2) % 8
            return sum(values, half) + sum(values + half, count - half)
        }
        var lanes = SIMD8<Double>()
        for lane in 0..<8 { lanes[lane] = values[lane] }
        var index = 8
        while index < count - count % 8 {
            for lane in 0..<8 { lanes[lane] += values[index + lane] }
            index += 8
        }
        var result =
            ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
            + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
        while index < count {
            result += values[index]
            index += 1
        }
        return result
    }
}
