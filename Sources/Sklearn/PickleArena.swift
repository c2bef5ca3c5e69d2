/// All values of one pickle, addressed by index; the input bytes are borrowed, not copied.
///
/// Copies of an arena are the same arena.
///
/// - Concurrency: one thread.
struct PickleArena {
    private struct Cell: BitwiseCopyable {
        var value: Int32
        var next: Int32
    }

    /// The memory behind all copies.
    private struct Memory: ~Copyable {
        var limits: DecodeLimits
        var input = UnsafeRawBufferPointer(start: nil, count: 0)
        var values = GrowingBuffer<PickleValue>(capacity: 512)
        var cells = GrowingBuffer<Cell>(capacity: 1024)
        /// Bytes that do not stand in the input as they are: decoded escapes and encodings.
        var scratch: [UInt8] = []
        var globals = GlobalCache()
    }

    private final class Owner {
        let memory: UnsafeMutablePointer<Memory>

        init(_ limits: DecodeLimits) {
            memory = .allocate(capacity: 1)
            memory.initialize(to: Memory(limits: limits))
        }

        deinit {
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
    }

    private let owner: Owner
    private let memory: UnsafeMutablePointer<Memory>

    init(limits: DecodeLimits) {
        owner = Owner(limits)
        memory = owner.memory
    }

    init(_ input: UnsafeRawBufferPointer, limits: DecodeLimits) {
        self.init(limits: limits)
        reset(to: input)
    }

    var limits: DecodeLimits { memory.pointee.limits }

    /// Forgets all values and borrows other bytes.
    mutating func reset(to input: UnsafeRawBufferPointer) {
        memory.pointee.input = input
        memory.pointee.values.reset(keeping: 1 << 16)
        memory.pointee.cells.reset(keeping: 1 << 16)
        memory.pointee.scratch = []
    }

    subscript(index: Int) -> PickleValue {
        get { memory.pointee.values[index] }
        nonmutating set { memory.pointee.values[index] = newValue }
    }

    mutating func make(_ value: PickleValue) throws(SklearnError) -> Int {
        try checkCount()
        memory.pointee.values.append(value)
        return memory.pointee.values.count - 1
    }

    /// What a name on the allow-list stands for; nil when it is not on it.
    func global(_ module: ByteSlice, _ name: ByteSlice) -> PickleGlobal? {
        withBytes(module) { module in
            withBytes(name) { name in memory.pointee.globals.find(module, name) }
        }
    }

    // MARK: Containers

    mutating func append(_ value: Int, to chain: inout Chain) throws(SklearnError) {
        try checkCount()
        let cell = Int32(truncatingIfNeeded: memory.pointee.cells.count)
        memory.pointee.cells.append(Cell(value: Int32(truncatingIfNeeded: value), next: -1))
        if chain.count == 0 {
            chain.head = cell
        } else {
            memory.pointee.cells[Int(chain.tail)].next = cell
        }
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
            let entry = memory.pointee.cells[Int(cell)]
            result.append(Int(entry.value))
            cell = entry.next
        }
        return result
    }

    /// The value of a dictionary's last entry with that key; nil when it has none.
    func lookUp(_ key: StaticString, in dict: Chain) -> Int? {
        var result: Int?
        var cell = dict.head
        let length = key.utf8CodeUnitCount
        for _ in 0..<dict.count / 2 where cell >= 0 {
            let entry = memory.pointee.cells[Int(cell)]
            guard entry.next >= 0 else { break }
            let value = memory.pointee.cells[Int(entry.next)]
            // Most keys differ in their length, which one look tells.
            if textLength(Int(entry.value)) == length, equals(Int(entry.value), key) {
                result = Int(value.value)
            }
            cell = value.next
        }
        return result
    }

    @inline(__always)
    private func textLength(_ value: Int) -> Int {
        let pointer = memory.pointee.values.pointer(value)
        switch pointer.pointee {
        case .text(let slice), .bytes(let slice): return slice.count
        default: return -1
        }
    }

    // MARK: Bytes

    func byte(_ slice: ByteSlice, _ index: Int) -> UInt8 {
        slice.isScratch
            ? memory.pointee.scratch[slice.offset + index]
            : memory.pointee.input[slice.offset + index]
    }

    /// Calls `body` with the bytes of a slice.
    func withBytes<R>(_ slice: ByteSlice, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let range = slice.offset..<slice.offset + slice.count
        if slice.isScratch {
            // A copy of the array keeps the bytes alive whatever the body does to the arena.
            let scratch = memory.pointee.scratch
            return scratch.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        }
        return body(UnsafeRawBufferPointer(rebasing: memory.pointee.input[range]))
    }

    func string(_ slice: ByteSlice) -> String {
        withBytes(slice) { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a value is text (or, from Python 2, bytes) equal to `text`.
    func equals(_ value: Int, _ text: StaticString) -> Bool {
        guard let slice = textSlice(value), slice.count == text.utf8CodeUnitCount else {
            return false
        }
        return withBytes(slice) { bytes in
            bytes.elementsEqual(
                UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            )
        }
    }

    /// The bytes of a text; Python 2 wrote its texts as byte strings.
    func textSlice(_ value: Int) -> ByteSlice? {
        switch memory.pointee.values[value] {
        case .text(let slice), .bytes(let slice): slice
        default: nil
        }
    }

    /// Copies bytes into the scratch memory, which may not outgrow the input by much.
    mutating func store(_ bytes: [UInt8]) throws(SklearnError) -> ByteSlice {
        let count = memory.pointee.scratch.count
        guard count + bytes.count <= 4 * memory.pointee.input.count + 4096 else {
            throw .limit("the file's texts unpack to far more bytes than the file has")
        }
        memory.pointee.scratch.append(contentsOf: bytes)
        return ByteSlice(offset: count, count: bytes.count, isScratch: true)
    }

    private func checkCount() throws(SklearnError) {
        let count = memory.pointee.values.count + memory.pointee.cells.count
        guard count < memory.pointee.limits.valueCount else {
            throw .limit("the file holds more than the \(limits.valueCount) values allowed")
        }
    }
}

/// Remembers what names stand for, so that files alike look each of them up once.
private struct GlobalCache: ~Copyable {
    private struct Entry {
        var bytes: [UInt8]
        var moduleByteCount: Int
        var global: PickleGlobal?
    }

    /// More names than this come only from hostile files.
    private static let countMax = 256

    private var entries: [UInt64: Entry] = [:]

    mutating func find(
        _ module: UnsafeRawBufferPointer,
        _ name: UnsafeRawBufferPointer
    ) -> PickleGlobal? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in module { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        if let entry = entries[hash], entry.moduleByteCount == module.count,
            entry.bytes.count == module.count + name.count,
            entry.bytes[..<module.count].elementsEqual(module),
            entry.bytes[module.count...].elementsEqual(name)
        {
            return entry.global
        }
        let global = PickleGlobal.find(
            module: String(decoding: module, as: UTF8.self),
            name: String(decoding: name, as: UTF8.self)
        )
        if entries.count < Self.countMax {
            entries[hash] = Entry(
                bytes: Array(module) + Array(name),
                moduleByteCount: module.count,
                global: global
            )
        }
        return global
    }
}
