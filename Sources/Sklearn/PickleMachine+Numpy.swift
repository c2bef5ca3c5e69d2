/// numpy's ways of writing element types, arrays and scalars, and joblib's raw arrays.
extension PickleMachine {
    /// `dtype("f8", False, True)`.
    func elementType(_ items: [Int]) throws(SklearnError) -> ElementType {
        guard let first = items.first else { throw .malformed("a dtype without a name") }
        guard let slice = arena.textSlice(first) else {
            // dtype(numpy.float64) and the like; nothing that is read uses it.
            guard case .global = arena[first] else { throw .malformed("a dtype without a name") }
            return ElementType(kind: UInt8(ascii: "V"), size: 0)
        }
        let element = arena.withBytes(slice) { Self.elementType($0) }
        guard let element else {
            throw .malformed("dtype \"\(printable(arena.string(slice)))\" is not known")
        }
        return element
    }

    /// `<f8`, `U12`, `O`: maybe an order, a letter, maybe a size; nil for anything else.
    private static func elementType(_ text: UnsafeRawBufferPointer) -> ElementType? {
        var at = 0
        var isBigEndian = false
        if let order = text.first, "<>|=".utf8.contains(order) {
            isBigEndian = order == UInt8(ascii: ">")
            at = 1
        }
        guard at < text.count, case let kind = text[at],
            (0x41...0x5A).contains(kind & 0xDF), kind & 0x40 != 0
        else { return nil }
        at += 1
        var size = 0
        while at < text.count, case let digit = text[at] &- 0x30, digit < 10 {
            guard size < 1 << 24 else { return nil }
            size = size * 10 + Int(digit)
            at += 1
        }
        if kind == UInt8(ascii: "U") { size *= 4 }
        guard size < 1 << 28 else { return nil }
        return ElementType(kind: kind, size: size, isBigEndian: isBigEndian)
    }

    /// The state of a dtype: `(3, "<", None, None, None, -1, -1, 0)`.
    func ordered(_ element: ElementType, state: Int) throws(SklearnError) -> ElementType {
        guard case .tuple(let chain) = arena[state] else {
            throw .malformed("a dtype's state is not a tuple")
        }
        let items = try arena.items(chain, atMost: 16)
        guard items.count >= 2 else { throw .malformed("a dtype's state is too short") }
        var result = element
        result.isBigEndian = arena.equals(items[1], ">")
        if items.count >= 5, case .tuple = arena[items[3]], case .dict = arena[items[4]] {
            result.fieldNames = items[3]
            result.fields = items[4]
        }
        return result
    }

    /// `_frombuffer(bytes, dtype, shape, order, axis_order)` of protocol 5.
    mutating func arrayFromBuffer(_ items: [Int]) throws(SklearnError) -> Int {
        guard items.count == 4 || items.count == 5, case .bytes(let data) = arena[items[0]],
            case .dtype(let element) = arena[items[1]]
        else { throw .malformed("_frombuffer is called with other arguments than numpy's") }
        var array = try shaped(items[2], element: element)
        array.isFortran = arena.equals(items[3], "F")
        if arena.equals(items[3], "K"), items.count == 5 {
            try transpose(&array, axes: items[4])
        }
        array.data = data
        try checkSize(&array)
        return try arena.make(.array(array))
    }

    /// The state of an array: `(1, shape, dtype, is_fortran, bytes or list)`.
    func filled(_ array: PickleArray, state: Int) throws(SklearnError) -> PickleArray {
        guard !array.isFilled else { throw .malformed("an array is filled twice") }
        guard case .tuple(let chain) = arena[state] else {
            throw .malformed("an array's state is not a tuple")
        }
        var items = try arena.items(chain, atMost: 16)
        if items.count == 5 { items.removeFirst() }
        guard items.count == 4, case .dtype(let element) = arena[items[1]] else {
            throw .malformed("an array's state is not as numpy writes it")
        }
        var result = try shaped(items[0], element: element)
        if case .bool(let isFortran) = arena[items[2]] { result.isFortran = isFortran }
        if case .int(let isFortran) = arena[items[2]] { result.isFortran = isFortran != 0 }
        switch (element.isObject, arena[items[3]]) {
        case (true, .list(let list)):
            guard list.count == result.count else {
                throw .malformed(
                    "an array of \(result.count) objects comes with \(list.count)"
                )
            }
            result.objects = items[3]
            result.isFilled = true
        case (false, .bytes(let data)):
            result.data = data
            try checkSize(&result)
        default:
            throw .malformed(
                "an array's elements are a value of type \(arena[items[3]].typeName)"
            )
        }
        return result
    }

    /// Reads the elements that follow the state of joblib's NumpyArrayWrapper.
    ///
    /// - Source: joblib, numpy_pickle.py, NumpyArrayWrapper.read_array.
    mutating func joblibArray(_ state: Int) throws(SklearnError) -> Int {
        guard case .dict(let fields) = arena[state], fields.count <= 64,
            let shape = arena.lookUp("shape", in: fields),
            let type = arena.lookUp("dtype", in: fields), case .dtype(let element) = arena[type]
        else { throw .malformed("a joblib array has no shape or dtype") }
        var array = try shaped(shape, element: element)
        if element.isObject {
            let value = try runNested()
            guard case .array(let inner) = arena[value], inner.isFilled else {
                throw .malformed("an object array of a joblib file holds something else")
            }
            return value
        }
        if let order = arena.lookUp("order", in: fields) {
            array.isFortran = arena.equals(order, "F")
        }
        if let alignment = arena.lookUp("numpy_array_alignment_bytes", in: fields),
            case .int = arena[alignment]
        {
            let padding = Int(try reader.byte())
            _ = try reader.slice(padding)
        }
        array.data = try reader.slice(try byteCount(array))
        array.isFilled = true
        return try arena.make(.array(array))
    }

    /// A numpy scalar from its element type and bytes.
    mutating func scalar(_ items: [Int]) throws(SklearnError) -> PickleValue {
        guard items.count == 2, case .dtype(let element) = arena[items[0]] else {
            throw .malformed("a numpy scalar without a dtype")
        }
        guard case .bytes(let data) = arena[items[1]] else {
            if element.isObject { return arena[items[1]] }
            throw .malformed("a numpy scalar without bytes")
        }
        guard data.count == element.size else {
            throw .malformed(
                "a numpy scalar of \(element.size) bytes comes with \(data.count)"
            )
        }
        if element.kind == UInt8(ascii: "U") {
            return .text(try arena.store(arena.wideText(data, isBigEndian: element.isBigEndian)))
        }
        let array = PickleArray(element: element, rows: 1, count: 1, data: data)
        guard let number = arena.numbers(array)?.first else { return .none }
        switch element.kind {
        case UInt8(ascii: "b"): return .bool(number != 0)
        case UInt8(ascii: "i"), UInt8(ascii: "u"):
            return Int(exactly: number).map { .int($0) } ?? .bigInt
        default: return .float(number)
        }
    }

    // MARK: Shapes

    private func shaped(
        _ shape: Int,
        element: ElementType
    ) throws(SklearnError) -> PickleArray {
        let dimensions: [Int]
        switch arena[shape] {
        case .tuple(let chain), .list(let chain):
            dimensions = try arena.items(chain, atMost: 64)
        case .int: dimensions = [shape]
        default: throw .malformed("an array's shape is not a tuple")
        }
        var array = PickleArray(element: element, rank: dimensions.count, rows: 1, count: 1)
        for (axis, value) in dimensions.enumerated() {
            guard case .int(let length) = arena[value], length >= 0 else {
                throw .malformed("an array's dimension is not a count")
            }
            guard length <= Int32.max else {
                throw .limit("an array claims more elements than exist")
            }
            if axis == 0 { array.rows = length }
            if axis == 1 { array.columns = length }
            let (count, overflow) = array.count.multipliedReportingOverflow(by: length)
            guard !overflow, count <= Int32.max else {
                throw .limit("an array claims more elements than exist")
            }
            array.count = count
        }
        return array
    }

    private func byteCount(_ array: PickleArray) throws(SklearnError) -> Int {
        let (bytes, overflow) = array.count.multipliedReportingOverflow(by: array.element.size)
        guard !overflow else { throw .limit("an array claims more elements than exist") }
        return bytes
    }

    private func checkSize(_ array: inout PickleArray) throws(SklearnError) {
        let bytes = try byteCount(array)
        guard !array.element.isObject, bytes == array.data.count else {
            throw .malformed(
                "an array of \(array.count) elements of \(array.element.size) bytes comes with "
                    + "\(array.data.count) bytes"
            )
        }
        array.isFilled = true
    }

    /// Turns the stored axes around as `axis_order` says.
    private func transpose(_ array: inout PickleArray, axes: Int) throws(SklearnError) {
        let items: [Int]
        switch arena[axes] {
        case .none: return
        case .tuple(let chain), .list(let chain): items = try arena.items(chain, atMost: 64)
        default: throw .malformed("an array's axis order is not a tuple")
        }
        guard items.count == 2, array.rank == 2, case .int(let first) = arena[items[0]],
            case .int(let second) = arena[items[1]]
        else { throw .unsupported("an array of \(array.rank) axes in an order of its own") }
        switch (first, second) {
        case (0, 1): break
        case (1, 0):
            (array.rows, array.columns) = (array.columns, array.rows)
            array.isFortran = true
        default: throw .malformed("an array's axis order is not a permutation")
        }
    }
}
