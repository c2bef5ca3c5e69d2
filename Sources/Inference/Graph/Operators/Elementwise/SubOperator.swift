/// The difference of two tensors.
enum SubOperator: ArithmeticOperator {
    static let name = "Sub"
    static let versions = [7, 13, 14]

    @inline(__always)
    static func combine<T: BinaryFloatingPoint>(_ left: T, _ right: T) -> T { left - right }

    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T {
        left &- right
    }
}
