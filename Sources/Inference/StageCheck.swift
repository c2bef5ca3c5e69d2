/// Checks that stages share: sizes and numbers of decoded parameters.
public enum StageCheck {
    /// Finite numbers, exactly so many.
    public static func vector(
        _ values: [Double],
        _ count: Int,
        _ name: @autoclosure () -> String
    ) throws(InferenceError) {
        guard values.count == count else {
            throw .invalid("\(name()) has \(values.count) values where \(count) belong")
        }
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw .invalid("\(name())[\(index)] is \(values[index])")
    }

    /// A vector that rows are divided by.
    public static func divisor(
        _ values: [Double],
        _ count: Int,
        _ name: @autoclosure () -> String
    ) throws(InferenceError) {
        try vector(values, count, name())
        guard let index = values.firstIndex(of: 0) else { return }
        throw .invalid("\(name())[\(index)] is 0")
    }

    public static func finite(
        _ value: Double,
        _ name: @autoclosure () -> String
    ) throws(InferenceError) {
        guard value.isFinite else { throw .invalid("\(name()) is \(value)") }
    }

    /// Indexes of columns that exist.
    public static func indexes(
        _ values: [Int],
        below count: Int,
        _ name: @autoclosure () -> String
    ) throws(InferenceError) {
        guard let value = values.first(where: { !(0..<count).contains($0) }) else { return }
        throw .invalid("\(name()) \(value) is not one of the \(count) columns")
    }

    /// A number of columns: 1 up to the limit.
    public static func columns(
        _ value: Int,
        _ name: @autoclosure () -> String
    ) throws(InferenceError) {
        guard value >= 1, value <= ModelLimits.featureCountMax else {
            throw .invalid("\(name()) is \(value), not within 1...\(ModelLimits.featureCountMax)")
        }
    }

    /// A product of counts that a model may have; beyond its bytes it is refused.
    public static func product(_ left: Int, _ right: Int) throws(InferenceError) -> Int {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        guard !overflow, product >= 0, product <= ModelLimits.byteCountMax / 8 else {
            throw .invalid("\(left) x \(right) numbers are more than a model may have")
        }
        return product
    }
}

extension InferenceError {
    /// Parameters that do not fit together.
    static func invalid(_ message: String) -> InferenceError {
        InferenceError(.invalidModel, message)
    }
}
