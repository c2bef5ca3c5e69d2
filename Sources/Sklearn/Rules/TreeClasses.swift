internal import Inference

/// Classes and class shares as trees of classifiers hold them.
enum TreeClasses {
    static let countMax = 100_000

    /// The classes as text, in the order of the trees' columns.
    static func labels(_ estimator: EstimatorAttributes) throws(SklearnError) -> [String] {
        guard let value = estimator.find("classes_") else {
            throw .notFitted("\(estimator.label) is not fitted (it has no classes_)")
        }
        let arena = estimator.arena
        let unreadable = SklearnError.unsupported(
            "classes_ of \(estimator.label) are not one axis of numbers or texts; supported are "
                + "integer, float, bool and text classes"
        )
        guard case .array(let array) = arena[value], array.rank == 1, array.count > 0 else {
            throw unreadable
        }
        if array.objects >= 0 {
            var result: [String] = []
            for item in try arena.objects(array, atMost: countMax) {
                guard let text = text(item, arena) else { throw unreadable }
                result.append(text)
            }
            return result
        }
        if let texts = try arena.texts(array, atMost: countMax) { return texts }
        guard array.count <= countMax, let numbers = arena.numbers(array) else { throw unreadable }
        switch array.element.kind {
        case UInt8(ascii: "b"): return numbers.map { $0 == 0 ? "False" : "True" }
        case UInt8(ascii: "i"), UInt8(ascii: "u"):
            return numbers.map { number in Int(exactly: number).map { "\($0)" } ?? "\(number)" }
        default: return numbers.map { "\($0)" }
        }
    }

    private static func text(_ value: Int, _ arena: PickleArena) -> String? {
        switch arena[value] {
        case .text(let slice), .bytes(let slice): arena.string(slice)
        case .int(let number): "\(number)"
        case .float(let number): "\(number)"
        case .bool(let flag): flag ? "True" : "False"
        default: nil
        }
    }

    /// The classes' shares in each leaf, as `predict_proba` of a tree gives them.
    ///
    /// Before 1.4 a tree's values are weights, which are divided by their sum.
    static func shares(
        _ values: [Double],
        width: Int,
        version: TreeVersion
    ) -> [Double] {
        guard version < TreeVersion(1, 4) else { return values }
        var result = values
        for start in stride(from: 0, to: values.count, by: width) {
            let total = sum(values[start..<(start + width)])
            guard total != 0 else { continue }
            for index in start..<(start + width) { result[index] /= total }
        }
        return result
    }

    /// The sum in the order in which numpy adds up to 128 numbers that lie side by side.
    ///
    /// - Source: numpy, umath/loops_utils.h.src, pairwise_sum.
    static func sum(_ values: ArraySlice<Double>) -> Double {
        let count = values.count
        guard count >= 8 else { return values.reduce(0, +) }
        if count > 128 {
            let half = count / 2 - (count / 2) % 8
            let middle = values.startIndex + half
            return sum(values[values.startIndex..<middle]) + sum(values[middle..<values.endIndex])
        }
        let first = values.startIndex
        var lanes = Array(values[first..<(first + 8)])
        var next = 8
        while next + 8 <= count {
            for lane in 0..<8 { lanes[lane] += values[first + next + lane] }
            next += 8
        }
        var total =
            ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
            + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
        while next < count {
            total += values[first + next]
            next += 1
        }
        return total
    }
}

extension PickleArena {
    /// The values of an object array.
    func objects(_ array: PickleArray, atMost limit: Int) throws(SklearnError) -> [Int] {
        guard array.objects >= 0, case .list(let chain) = self[array.objects] else { return [] }
        return try items(chain, atMost: limit)
    }
}
