/// How columns become the inputs of a graph.
struct GraphColumns {
    private let ports: [(port: GraphPort, width: Int, isVector: Bool)]
    private let inputCount: Int

    /// Divides columns among the inputs, in their order.
    ///
    /// - Throws: `GraphError` when they do not fit, or an input cannot be made of columns.
    init(_ program: GraphProgram, inputCount: Int) throws(GraphError) {
        var ports: [(GraphPort, Int, Bool)] = []
        var total = 0
        for port in program.inputs {
            if let type = port.type, type == .string || type == .bool {
                throw GraphError(
                    .unsupported,
                    "input '\(port.name)' is of type \(type.name); only numbers are supported"
                )
            }
            let rank = port.shape?.count ?? 2
            guard rank == 1 || rank == 2 else {
                throw GraphError(
                    .unsupported,
                    "input '\(port.name)' has \(rank) dimensions; rows of columns are supported"
                )
            }
            let stated = rank == 1 ? 1 : port.shape?[1] ?? -1
            let isOnly = program.inputs.count == 1
            guard stated > 0 || isOnly else {
                throw GraphError(.unsupported, "input '\(port.name)' has no number of columns")
            }
            let width = stated > 0 ? stated : inputCount
            ports.append((port, width, rank == 1))
            let (sum, overflow) = total.addingReportingOverflow(width)
            guard !overflow else { throw GraphError(.invalid, "the inputs are too wide") }
            total = sum
        }
        guard total == inputCount else {
            throw GraphError(.shape, "the graph takes \(total) columns, not \(inputCount)")
        }
        self.ports = ports
        self.inputCount = inputCount
    }

    /// The inputs for some rows; a row with a value that a type cannot hold fails.
    ///
    /// - Throws: `GraphError` beyond the limits.
    func arguments(
        _ rows: StageRows,
        _ range: Range<Int>
    ) throws(GraphError) -> [GraphValue] {
        var arguments: [GraphValue] = []
        var first = 0
        for (port, width, isVector) in ports {
            let type = port.type ?? .float
            var values: [Double] = []
            values.reserveCapacity(range.count * width)
            for row in range {
                let input = rows.values + (row &* inputCount &+ first)
                for column in 0..<width {
                    let value = input[column]
                    if Self.holds(value, type) {
                        values.append(value)
                    } else {
                        rows.failed[row] = 1
                        values.append(0)
                    }
                }
            }
            first += width
            let shape = isVector ? [range.count] : [range.count, width]
            arguments.append(.tensor(try Tensor(shape: shape, try Self.storage(values, type))))
        }
        return arguments
    }

    /// Whether a type has a value for a number: integers none with a fraction, none missing.
    private static func holds(_ value: Double, _ type: ElementType) -> Bool {
        switch type {
        case .float: value.isNaN || Float(value).isFinite
        case .double: !value.isInfinite
        case .float16, .bfloat16: value.isNaN || value.magnitude <= 65_504
        case .int64: Int64(exactly: value) != nil
        case .int32: Int32(exactly: value) != nil
        case .int16: Int16(exactly: value) != nil
        case .int8: Int8(exactly: value) != nil
        case .uint64: UInt64(exactly: value) != nil
        case .uint32: UInt32(exactly: value) != nil
        case .uint16: UInt16(exactly: value) != nil
        case .uint8: UInt8(exactly: value) != nil
        case .bool, .string: false
        }
    }

    private static func storage(
        _ values: [Double],
        _ type: ElementType
    ) throws(GraphError) -> TensorStorage {
        switch type {
        case .float: return .float(values.map { Float($0) })
        case .double: return .double(values)
        case .float16: return .float16(values.map { Half(Float($0)) })
        case .bfloat16: return .bfloat16(values.map { BFloat16(Float($0)) })
        case .int64: return .int64(values.map { Int64(exactly: $0) ?? 0 })
        case .int32: return .int32(values.map { Int32(exactly: $0) ?? 0 })
        case .int16: return .int16(values.map { Int16(exactly: $0) ?? 0 })
        case .int8: return .int8(values.map { Int8(exactly: $0) ?? 0 })
        case .uint64: return .uint64(values.map { UInt64(exactly: $0) ?? 0 })
        case .uint32: return .uint32(values.map { UInt32(exactly: $0) ?? 0 })
        case .uint16: return .uint16(values.map { UInt16(exactly: $0) ?? 0 })
        case .uint8: return .uint8(values.map { UInt8(exactly: $0) ?? 0 })
        case .bool, .string: throw GraphError(.unsupported, "columns of type \(type.name)")
        }
    }
}
