extension Float: TensorElement {
    package static var elementType: ElementType { .float }
    package static func storage(_ values: [Float]) -> TensorStorage { .float(values) }
    package static func values(of storage: TensorStorage) -> [Float]? {
        guard case .float(let values) = storage else { return nil }
        return values
    }
}

extension Double: TensorElement {
    package static var elementType: ElementType { .double }
    package static func storage(_ values: [Double]) -> TensorStorage { .double(values) }
    package static func values(of storage: TensorStorage) -> [Double]? {
        guard case .double(let values) = storage else { return nil }
        return values
    }
}

extension Int64: TensorElement {
    package static var elementType: ElementType { .int64 }
    package static func storage(_ values: [Int64]) -> TensorStorage { .int64(values) }
    package static func values(of storage: TensorStorage) -> [Int64]? {
        guard case .int64(let values) = storage else { return nil }
        return values
    }
}

extension Int32: TensorElement {
    package static var elementType: ElementType { .int32 }
    package static func storage(_ values: [Int32]) -> TensorStorage { .int32(values) }
    package static func values(of storage: TensorStorage) -> [Int32]? {
        guard case .int32(let values) = storage else { return nil }
        return values
    }
}

extension Int16: TensorElement {
    package static var elementType: ElementType { .int16 }
    package static func storage(_ values: [Int16]) -> TensorStorage { .int16(values) }
    package static func values(of storage: TensorStorage) -> [Int16]? {
        guard case .int16(let values) = storage else { return nil }
        return values
    }
}

extension Int8: TensorElement {
    package static var elementType: ElementType { .int8 }
    package static func storage(_ values: [Int8]) -> TensorStorage { .int8(values) }
    package static func values(of storage: TensorStorage) -> [Int8]? {
        guard case .int8(let values) = storage else { return nil }
        return values
    }
}

extension UInt64: TensorElement {
    package static var elementType: ElementType { .uint64 }
    package static func storage(_ values: [UInt64]) -> TensorStorage { .uint64(values) }
    package static func values(of storage: TensorStorage) -> [UInt64]? {
        guard case .uint64(let values) = storage else { return nil }
        return values
    }
}

extension UInt32: TensorElement {
    package static var elementType: ElementType { .uint32 }
    package static func storage(_ values: [UInt32]) -> TensorStorage { .uint32(values) }
    package static func values(of storage: TensorStorage) -> [UInt32]? {
        guard case .uint32(let values) = storage else { return nil }
        return values
    }
}

extension UInt16: TensorElement {
    package static var elementType: ElementType { .uint16 }
    package static func storage(_ values: [UInt16]) -> TensorStorage { .uint16(values) }
    package static func values(of storage: TensorStorage) -> [UInt16]? {
        guard case .uint16(let values) = storage else { return nil }
        return values
    }
}

extension UInt8: TensorElement {
    package static var elementType: ElementType { .uint8 }
    package static func storage(_ values: [UInt8]) -> TensorStorage { .uint8(values) }
    package static func values(of storage: TensorStorage) -> [UInt8]? {
        guard case .uint8(let values) = storage else { return nil }
        return values
    }
}

extension Bool: TensorElement {
    package static var elementType: ElementType { .bool }
    package static var zero: Bool { false }
    package static func storage(_ values: [Bool]) -> TensorStorage { .bool(values) }
    package static func values(of storage: TensorStorage) -> [Bool]? {
        guard case .bool(let values) = storage else { return nil }
        return values
    }
}

extension String: TensorElement {
    package static var elementType: ElementType { .string }
    package static var zero: String { "" }
    package static func storage(_ values: [String]) -> TensorStorage { .string(values) }
    package static func values(of storage: TensorStorage) -> [String]? {
        guard case .string(let values) = storage else { return nil }
        return values
    }
}

extension Half: TensorElement {
    package static var elementType: ElementType { .float16 }
    package static var zero: Half { Half(bits: 0) }
    package static func storage(_ values: [Half]) -> TensorStorage { .float16(values) }
    package static func values(of storage: TensorStorage) -> [Half]? {
        guard case .float16(let values) = storage else { return nil }
        return values
    }
}

extension BFloat16: TensorElement {
    package static var elementType: ElementType { .bfloat16 }
    package static var zero: BFloat16 { BFloat16(bits: 0) }
    package static func storage(_ values: [BFloat16]) -> TensorStorage { .bfloat16(values) }
    package static func values(of storage: TensorStorage) -> [BFloat16]? {
        guard case .bfloat16(let values) = storage else { return nil }
        return values
    }
}
