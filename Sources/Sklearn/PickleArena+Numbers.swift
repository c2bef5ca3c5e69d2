/// Numbers and texts out of numpy arrays.
extension PickleArena {
    /// The elements as float64, row-major; nil for an element type that is no number.
    ///
    /// Shape: `[rows, columns]`; more than two axes are refused as no matrix (nil).
    func numbers(_ array: PickleArray) -> [Double]? {
        guard array.rank <= 2 else { return nil }
        let flat = withBytes(array.data) { Self.widen($0, array.element, array.count) }
        guard let flat, array.isFortran, array.rank == 2 else { return flat }
        let (rows, columns) = (array.rows, array.columns)
        var result: [Double] = []
        result.reserveCapacity(flat.count)
        guard !flat.isEmpty else { return result }
        for row in 0..<rows {
            for column in 0..<columns { result.append(flat[column * rows + row]) }
        }
        return result
    }

    /// A number of any kind; nil when the value is none.
    func number(_ value: Int) -> Double? {
        switch self[value] {
        case .int(let number): Double(number)
        case .float(let number): number
        case .bool(let flag): flag ? 1 : 0
        case .array(let array) where array.count == 1: numbers(array)?.first
        default: nil
        }
    }

    /// One field of an array of records (a tree's nodes) as float64; nil when it has no such field.
    func numbers(_ array: PickleArray, field: StaticString) throws(SklearnError) -> [Double]? {
        guard array.element.fields >= 0, case .dict(let fields) = self[array.element.fields],
            fields.count <= 256, let entry = lookUp(field, in: fields),
            case .tuple(let pair) = self[entry]
        else { return nil }
        let parts = try items(pair, atMost: 4)
        guard parts.count >= 2, case .dtype(let element) = self[parts[0]],
            case .int(let offset) = self[parts[1]], offset >= 0,
            offset <= array.element.size - element.size, element.size > 0,
            array.data.count == array.count * array.element.size
        else { return nil }
        return withBytes(array.data) { bytes in
            var packed: [UInt8] = []
            packed.reserveCapacity(array.count * element.size)
            for index in 0..<array.count {
                let start = index * array.element.size + offset
                packed.append(contentsOf: bytes[start..<start + element.size])
            }
            return packed.withUnsafeBytes { Self.widen($0, element, array.count) }
        }
    }

    /// The elements of an array of texts; nil when it holds anything else.
    func texts(_ array: PickleArray, atMost limit: Int) throws(SklearnError) -> [String]? {
        guard array.rank == 1 else { return nil }
        if array.objects >= 0, case .list(let chain) = self[array.objects] {
            var result: [String] = []
            for item in try items(chain, atMost: limit) {
                guard let slice = textSlice(item) else { return nil }
                result.append(string(slice))
            }
            return result
        }
        guard array.element.kind == UInt8(ascii: "U"), array.element.size > 0 else { return nil }
        guard array.count <= limit else {
            throw .limit("an array of \(array.count) texts where \(limit) are allowed")
        }
        return (0..<array.count).map { index in
            var slice = array.data
            slice.offset += index * array.element.size
            slice.count = array.element.size
            let utf8 = wideText(slice, isBigEndian: array.element.isBigEndian)
            return String(decoding: utf8, as: UTF8.self)
        }
    }

    /// UTF-8 of numpy's UTF-32 text, without the zeros that fill it up.
    func wideText(_ slice: ByteSlice, isBigEndian: Bool) -> [UInt8] {
        var result: [UInt8] = []
        withBytes(slice) { bytes in
            for index in 0..<bytes.count / 4 {
                let raw = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                let code = isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
                if code != 0 { appendUTF8(code, to: &result) }
            }
        }
        return result
    }

    private static func widen(
        _ bytes: UnsafeRawBufferPointer,
        _ element: ElementType,
        _ count: Int
    ) -> [Double]? {
        // The machine has checked that the bytes are there; an unfilled array has none.
        guard bytes.count == count * element.size else { return nil }
        let isBig = element.isBigEndian
        switch (Character(UnicodeScalar(element.kind)), element.size) {
        case ("f", 8): return load(bytes, isBig) { (bits: UInt64) in Double(bitPattern: bits) }
        case ("f", 4):
            return load(bytes, isBig) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case ("i", 8): return load(bytes, isBig) { (value: Int64) in Double(value) }
        case ("i", 4): return load(bytes, isBig) { (value: Int32) in Double(value) }
        case ("i", 2): return load(bytes, isBig) { (value: Int16) in Double(value) }
        case ("i", 1): return load(bytes, isBig) { (value: Int8) in Double(value) }
        case ("u", 8): return load(bytes, isBig) { (value: UInt64) in Double(value) }
        case ("u", 4): return load(bytes, isBig) { (value: UInt32) in Double(value) }
        case ("u", 2): return load(bytes, isBig) { (value: UInt16) in Double(value) }
        case ("u", 1): return load(bytes, isBig) { (value: UInt8) in Double(value) }
        case ("b", 1): return load(bytes, isBig) { (value: UInt8) in value == 0 ? 0 : 1 }
        default: return nil
        }
    }

    private static func load<Raw: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        _ isBigEndian: Bool,
        _ convert: (Raw) -> Double
    ) -> [Double] {
        let width = MemoryLayout<Raw>.size
        return (0..<bytes.count / width).map { index in
            let raw = loadInteger(bytes, at: index * width, as: Raw.self)
            return convert(isBigEndian ? Raw(bigEndian: raw) : Raw(littleEndian: raw))
        }
    }

    private static func loadInteger<Raw: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        as type: Raw.Type
    ) -> Raw {
        var raw: Raw = 0
        withUnsafeMutableBytes(of: &raw) { target in
            target.copyMemory(
                from: UnsafeRawBufferPointer(
                    rebasing: bytes[offset..<offset + target.count]
                )
            )
        }
        return raw
    }
}
