/// All values of one pickle, addressed by index; the input bytes are borrowed, not copied.
struct PickleArena {
    let limits: DecodeLimits
    private let input: UnsafeRawBufferPointer
    private var values: [PickleValue] = []
    private var cells: [Cell] = []
    /// Bytes that do not stand in the input as they are: decoded escapes and encodings.
    private var scratch: [UInt8] = []

    private struct Cell {
        var value: Int
        var next: Int
    }

    init(_ input: UnsafeRawBufferPointer, limits: DecodeLimits) {
        self.input = input
        self.limits = limits
        values.reserveCapacity(256)
        cells.reserveCapacity(512)
    }

    subscript(index: Int) -> PickleValue {
        get { values[index] }
        set { values[index] = newValue }
    }

    mutating func make(_ value: PickleValue) throws(SklearnError) -> Int {
        guard values.count + cells.count < limits.valueCount else { throw tooManyValues }
        values.append(value)
        return values.count - 1
    }

    // MARK: Containers

    mutating func append(_ value: Int, to chain: inout Chain) throws(SklearnError) {
        guard values.count + cells.count < limits.valueCount else { throw tooManyValues }
        cells.append(Cell(value: value, next: -1))
        let cell = cells.count - 1
        if chain.count == 0 { chain.head = cell } else { cells[chain.tail].next = cell }
        chain.tail = cell
        chain.count += 1
    }

    /// The entries of a container, refused when it has more than `limit`.
    ///
    /// The limit keeps a file from making the decoder walk one long container again and again.
    func items(_ chain: Chain, atMost limit: Int) throws(SklearnError) -> [Int] {
        guard chain.count <= limit else {
            throw .limit("a container has \(chain.count) entries where \(limit) are allowed")
        }
        var result: [Int] = []
        result.reserveCapacity(chain.count)
        var cell = chain.head
        while result.count < chain.count, cell >= 0 {
            result.append(cells[cell].value)
            cell = cells[cell].next
        }
        return result
    }

    /// The value of a dictionary's last entry with that key; nil when it has none.
    func lookUp(_ key: StaticString, in dict: Chain) -> Int? {
        var result: Int?
        var cell = dict.head
        for _ in 0..<dict.count / 2 where cell >= 0 {
            let keyValue = cells[cell].value
            let valueCell = cells[cell].next
            guard valueCell >= 0 else { break }
            if equals(keyValue, key) { result = cells[valueCell].value }
            cell = cells[valueCell].next
        }
        return result
    }

    // MARK: Bytes

    func byte(_ slice: ByteSlice, _ index: Int) -> UInt8 {
        slice.isScratch ? scratch[slice.offset + index] : input[slice.offset + index]
    }

    /// Calls `body` with the bytes of a slice.
    func withBytes<R>(_ slice: ByteSlice, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let range = slice.offset..<slice.offset + slice.count
        if slice.isScratch {
            return scratch.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        }
        return body(UnsafeRawBufferPointer(rebasing: input[range]))
    }

    func string(_ slice: ByteSlice) -> String {
        withBytes(slice) { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a value is text (or, from Python 2, bytes) equal to `text`.
    func equals(_ value: Int, _ text: StaticString) -> Bool {
        guard let slice = textSlice(value), slice.count == text.utf8CodeUnitCount else {
            return false
        }
        for index in 0..<slice.count where byte(slice, index) != text.utf8Start[index] {
            return false
        }
        return true
    }

    /// The bytes of a text; Python 2 wrote its texts as byte strings.
    func textSlice(_ value: Int) -> ByteSlice? {
        switch values[value] {
        case .text(let slice), .bytes(let slice): slice
        default: nil
        }
    }

    /// Copies bytes into the scratch memory, which may not outgrow the input by much.
    mutating func store(_ bytes: [UInt8]) throws(SklearnError) -> ByteSlice {
        guard scratch.count + bytes.count <= 4 * input.count + 4096 else {
            throw .limit("the file's texts unpack to far more bytes than the file has")
        }
        scratch.append(contentsOf: bytes)
        return ByteSlice(
            offset: scratch.count - bytes.count,
            count: bytes.count,
            isScratch: true
        )
    }

    private var tooManyValues: SklearnError {
        .limit("the file holds more than the \(limits.valueCount) values allowed")
    }
}
