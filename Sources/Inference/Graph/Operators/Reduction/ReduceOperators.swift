// Sums of 32-bit numbers are kept with 64 bits and rounded at the end.

/// The sum of each group.
enum ReduceSumOperator: ReduceOperator {
    static let name = "ReduceSum"
    static let axesInputVersion = 13
    static let versions = [1, 11, 13]

    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide }.map { T(wide: $0) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: 0) { sum, value, _ in sum &+ value }
    }
}

/// The mean of each group.
enum ReduceMeanOperator: ReduceOperator {
    static let name = "ReduceMean"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        let size = Double(plan.groupSize)
        return plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide }
            .map { T(wide: $0 / size) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        guard let size = T(exactly: plan.groupSize), size != 0 else {
            throw GraphError(.shape, "the mean of \(plan.groupSize) integers of this type")
        }
        return plan.fold(values, from: 0) { sum, value, _ in sum &+ value }
            .map { $0.dividedReportingOverflow(by: size).partialValue }
    }
}

/// The sum of the squares of each group.
enum ReduceSumSquareOperator: ReduceOperator {
    static let name = "ReduceSumSquare"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide * value.wide }.map {
            T(wide: $0)
        }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: 0) { sum, value, _ in sum &+ value &* value }
    }
}

/// The sum of the magnitudes of each group.
enum ReduceL1Operator: ReduceOperator {
    static let name = "ReduceL1"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide.magnitude }.map {
            T(wide: $0)
        }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: 0) { sum, value, _ in value < 0 ? sum &- value : sum &+ value }
    }
}

/// The length of each group as a vector.
enum ReduceL2Operator: ReduceOperator {
    static let name = "ReduceL2"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide * value.wide }
            .map { T(wide: $0.squareRoot()) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + Double(value) * Double(value) }
            .map { NumberCast.integer($0.squareRoot()) }
    }
}

/// The product of each group.
enum ReduceProdOperator: ReduceOperator {
    static let name = "ReduceProd"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 1.0) { product, value, _ in product * value.wide }
            .map { T(wide: $0) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: 1) { product, value, _ in product &* value }
    }
}

/// The logarithm of the sum of each group.
enum ReduceLogSumOperator: ReduceOperator {
    static let name = "ReduceLogSum"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: 0.0) { sum, value, _ in sum + value.wide }
            .map { T(wide: $0.naturalLogarithm()) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        throw GraphError(.unsupported, "it does not take integers")
    }
}

/// The logarithm of the sum of the powers of e of each group.
enum ReduceLogSumExpOperator: ReduceOperator {
    static let name = "ReduceLogSumExp"
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        // Relative to the largest of the group, so that nothing overflows.
        let tops = plan.fold(values, from: -Double.infinity) { top, value, _ in
            max(top, value.wide)
        }
        let shifts = tops.map { $0.isFinite ? $0 : 0 }
        let sums = plan.fold(values, from: 0.0) { sum, value, target in
            sum + (value.wide - shifts[target]).exponential()
        }
        return zip(sums, shifts).map { T(wide: $0.naturalLogarithm() + $1) }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        throw GraphError(.unsupported, "it does not take integers")
    }
}

/// The largest of each group; a NaN wins.
enum ReduceMaxOperator: ReduceOperator {
    static let name = "ReduceMax"
    static let versions = [1, 11, 12, 13, 18, 20]

    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: -T.infinity) { top, value, _ in
            value > top || value.isNaN ? value : top
        }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: T.min) { top, value, _ in max(top, value) }
    }
}

/// The smallest of each group; a NaN wins.
enum ReduceMinOperator: ReduceOperator {
    static let name = "ReduceMin"
    static let versions = [1, 11, 12, 13, 18, 20]

    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T] {
        plan.fold(values, from: T.infinity) { low, value, _ in
            value < low || value.isNaN ? value : low
        }
    }

    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T] {
        plan.fold(values, from: T.max) { low, value, _ in min(low, value) }
    }
}
