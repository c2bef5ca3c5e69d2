/// A function of one floating-point number, applied to every element.
protocol UnaryFloatOperator: GraphOperator {
    /// What the node's attributes say, read once.
    associatedtype Settings
    static func settings(_ call: OperatorCall) throws(GraphError) -> Settings
    static func apply<T: GraphFloat>(_ value: T, _ settings: Settings) -> T
}

extension UnaryFloatOperator {
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let settings = try settings(call)
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(values.map { apply($0, settings) })
        case .double(let values): storage = .double(values.map { apply($0, settings) })
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}

extension UnaryFloatOperator where Settings == Void {
    static func settings(_ call: OperatorCall) {}
}
