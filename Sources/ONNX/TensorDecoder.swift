internal import FoundationEssentials
internal import Inference

/// Tensors out of their messages, whichever of the format's many fields hold the elements.
struct TensorDecoder {
    let limits: ONNXLimits

    /// A tensor.
    ///
    /// - Throws: `ONNXError` naming the tensor, for external data, unknown types and wrong counts.
    func tensor(_ message: Onnx_TensorProto) throws(ONNXError) -> Tensor {
        let name = quoted(message.name)
        guard message.dataLocation != .external, message.externalData.isEmpty else {
            let place = message.externalData.first { $0.key == "location" }?.value ?? ""
            throw ONNXError(
                .unsupported,
                "tensor \(name) keeps its data in another file \(quoted(place)); "
                    + "save the model in one file"
            )
        }
        guard !message.hasSegment else {
            throw ONNXError(.unsupported, "tensor \(name) is cut into segments")
        }
        let type = try elementType(message.dataType, of: name)
        do throws(GraphError) {
            var shape: [Int] = []
            for size in message.dims { shape.append(Int(size)) }
            let count = try Tensor.elementCount(of: shape, limits: limits.graph)
            let storage = try storage(message, type, count)
            return try Tensor(shape: shape, storage, limits: limits.graph)
        } catch {
            throw ONNXError(
                error.reason == .limit ? .limit : .damaged,
                "tensor \(name): \(error.message)"
            )
        }
    }

    /// Bytes of the elements in a message.
    static func byteCount(of message: Onnx_TensorProto) -> Int {
        message.rawData.count + message.stringData.reduce(0) { $0 + 16 + $1.count }
            + message.floatData.count * 4 + message.int32Data.count * 4
            + message.doubleData.count * 8 + message.int64Data.count * 8
            + message.uint64Data.count * 8
    }

    /// The element type of a number in the format.
    ///
    /// - Throws: `ONNXError` naming the owner, for types that are not supported.
    func elementType(_ code: Int32, of name: String) throws(ONNXError) -> ElementType {
        guard let type = UInt8(exactly: code).flatMap(ElementType.init(rawValue:)) else {
            throw ONNXError(
                .unsupported,
                "\(name) has elements of type \(code); supported are "
                    + ElementType.allCases.map(\.name).joined(separator: ", ")
            )
        }
        return type
    }

    private func storage(
        _ message: Onnx_TensorProto,
        _ type: ElementType,
        _ count: Int
    ) throws(GraphError) -> TensorStorage {
        let isRaw = message.hasRawData
        switch type {
        case .float:
            return .float(isRaw ? try raw(message, count, 0) : message.floatData)
        case .double:
            return .double(isRaw ? try raw(message, count, 0) : message.doubleData)
        case .int64:
            return .int64(isRaw ? try raw(message, count, 0) : message.int64Data)
        case .int32:
            return .int32(isRaw ? try raw(message, count, 0) : message.int32Data)
        case .uint64:
            return .uint64(isRaw ? try raw(message, count, 0) : message.uint64Data)
        case .uint32:
            return .uint32(
                isRaw
                    ? try raw(message, count, 0)
                    : message.uint64Data.map { UInt32(truncatingIfNeeded: $0) }
            )
        case .string:
            return .string(message.stringData.map { String(decoding: $0, as: UTF8.self) })
        case .int16: return .int16(try narrow(message, count, 0))
        case .int8: return .int8(try narrow(message, count, 0))
        case .uint16: return .uint16(try narrow(message, count, 0))
        case .uint8: return .uint8(try narrow(message, count, 0))
        case .bool:
            let values: [UInt8] = try narrow(message, count, 0)
            return .bool(values.map { $0 != 0 })
        case .float16:
            let values: [UInt16] = try narrow(message, count, 0)
            return .float16(values.map { Half(bits: $0) })
        case .bfloat16:
            let values: [UInt16] = try narrow(message, count, 0)
            return .bfloat16(values.map { BFloat16(bits: $0) })
        }
    }

    /// Types of one or two bytes share a field of 32-bit numbers.
    private func narrow<E: FixedWidthInteger & BitwiseCopyable>(
        _ message: Onnx_TensorProto,
        _ count: Int,
        _ zero: E
    ) throws(GraphError) -> [E] {
        message.hasRawData
            ? try raw(message, count, zero)
            : message.int32Data.map { E(truncatingIfNeeded: $0) }
    }

    private func raw<E: BitwiseCopyable>(
        _ message: Onnx_TensorProto,
        _ count: Int,
        _ zero: E
    ) throws(GraphError) -> [E] {
        let data = message.rawData
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<E>.size)
        guard !overflow, byteCount == data.count else {
            throw GraphError(.invalid, "\(data.count) bytes of data for \(count) elements")
        }
        var values = [E](repeating: zero, count: count)
        values.withUnsafeMutableBytes { target in
            data.withUnsafeBytes { target.copyMemory(from: $0) }
        }
        return values
    }

    private func quoted(_ text: String) -> String { "'\(text.prefix(80))'" }
}
