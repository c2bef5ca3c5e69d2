import Inference
import ONNX

/// Decodes what may be an ONNX file, stores and runs its graph, and turns it into a model.
enum ONNXTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        do throws(ONNXError) {
            let model = try ONNXDecoder.decode(Array(bytes), name: "input", limits: limits)
            store(model.program)
            run(model.program, withExtremes: true)
            // Lowering runs the graph under the limits of large models, scoring does too: only a
            // graph that does little can be let.
            if run(model.program, withExtremes: false) {
                Scoring.check(try ONNXModelLowering.lower(model))
            }
        } catch {
            require(!error.message.isEmpty, "a refusal says why")
        }
    }

    /// Small enough that no input takes seconds.
    private static var limits: ONNXLimits {
        var limits = ONNXLimits()
        limits.graph.elementCountMax = 1 << 16
        limits.graph.liveElementCountMax = 1 << 18
        limits.graph.workMax = 1 << 20
        return limits
    }

    /// What was stored is read again as the same.
    private static func store(_ program: GraphProgram) {
        let bytes = program.encoded()
        do throws(GraphError) {
            let again = try GraphProgram(decoding: bytes, limits: limits.graph)
            require(again.encoded() == bytes, "a stored graph is read as another")
        } catch {
            fail("a stored graph is not read again: \(error.message)")
        }
    }

    /// Runs a graph on small inputs; whether it got to the end.
    @discardableResult
    private static func run(_ program: GraphProgram, withExtremes: Bool) -> Bool {
        do throws(GraphError) {
            var arguments: [GraphValue] = []
            for port in program.inputs {
                let shape = (port.shape ?? [2, 3]).map { $0 < 0 ? 2 : $0 }
                let count = try Tensor.elementCount(of: shape, limits: limits.graph)
                guard count <= 1_024 else { return false }
                let values = withExtremes ? extremes : Array(extremes[..<3])
                let storage = storage(port.type ?? .float, count, of: values)
                arguments.append(.tensor(try Tensor(shape: shape, storage)))
            }
            _ = try program.run(arguments, limits: limits.graph)
            return true
        } catch {
            require(!error.message.isEmpty, "a refusal says why")
            return false
        }
    }

    private static let extremes: [Double] = [0, 1, 2, -1, .nan, 1e30, -2.5, 9e18, -9e18, 200]

    /// Elements of a type, as near to some numbers as it has them.
    private static func storage(
        _ type: ElementType,
        _ count: Int,
        of values: [Double]
    ) -> TensorStorage {
        let all = (0..<count).map { values[$0 % values.count] }
        func whole<Value: FixedWidthInteger>(_: Value.Type) -> [Value] {
            all.map { Value(exactly: $0) ?? ($0 < 0 ? .min : .max) }
        }
        return switch type {
        case .float: .float(all.map { Float($0) })
        case .double: .double(all)
        case .int64: .int64(whole(Int64.self))
        case .int32: .int32(whole(Int32.self))
        case .int16: .int16(whole(Int16.self))
        case .int8: .int8(whole(Int8.self))
        case .uint64: .uint64(whole(UInt64.self))
        case .uint32: .uint32(whole(UInt32.self))
        case .uint16: .uint16(whole(UInt16.self))
        case .uint8: .uint8(whole(UInt8.self))
        case .bool: .bool(all.map { $0 != 0 })
        case .string: .string(all.map { "\($0)" })
        case .float16: .float16(all.map { Half(Float($0)) })
        case .bfloat16: .bfloat16(all.map { BFloat16(Float($0)) })
        }
    }
}
