/// The quotient of two tensors; integers are cut off toward zero.
enum DivOperator: ArithmeticOperator {
    static let name = "Div"
    static let versions = [7, 13, 14]
    static let divides = true

    @inline(__always)
    static func combine<T: BinaryFloatingPoint>(_ left: T, _ right: T) -> T { left / right }

    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T {
        left.dividedReportingOverflow(by: right).partialValue
    }
}
