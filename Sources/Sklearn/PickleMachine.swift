/// Runs the opcodes of a pickle over plain values; no opcode can reach code.
///
/// Concurrency: one thread; the input must outlive it.
struct PickleMachine: ~Copyable {
    var arena: PickleArena
    var reader: PickleReader
    /// True inside the plain pickle that joblib writes in place of an object array.
    var isNested = false
    private var stack = GrowingBuffer<Int32>(capacity: 256)
    /// Stack heights at which a MARK was set.
    private var marks = GrowingBuffer<Int32>(capacity: 64)
    private var memo = GrowingBuffer<Int32>(capacity: 512)
    private var memoCount = 0
    /// The height that no opcode may take values below: the last mark, or where the stack begins.
    private var floor = 0
    /// Where the stack, the marks and the memo of the pickle that runs begin.
    private var stackBase = 0
    private var marksBase = 0
    private var memoBase = 0

    init(limits: DecodeLimits) {
        arena = PickleArena(limits: limits)
        reader = PickleReader(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Begins with another file; the memory of the one before is used again.
    mutating func reset(to bytes: UnsafeRawBufferPointer) {
        arena.reset(to: bytes)
        reader = PickleReader(bytes)
        isNested = false
        stack.reset(keeping: 1 << 16)
        marks.reset(keeping: 1 << 12)
        memo.reset(keeping: 1 << 16)
        (memoCount, stackBase, marksBase, memoBase, floor) = (0, 0, 0, 0, 0)
    }

    /// Decodes up to STOP and returns the index of the value.
    mutating func run() throws(SklearnError) -> Int {
        while true {
            let offset = reader.position
            let byte = try reader.byte()
            guard let opcode = PickleOpcode.ofByte[Int(byte)] else {
                let hex = String(byte, radix: 16)
                throw .malformed(
                    "byte 0x\(hex) at offset \(offset) is not a pickle opcode; the file is damaged"
                )
            }
            if opcode == .stop { return try pop() }
            try execute(opcode)
        }
    }

    /// Decodes the whole pickle that starts here, with a stack and memo of its own.
    mutating func runNested() throws(SklearnError) -> Int {
        guard !isNested else { throw .malformed("an object array inside an object array") }
        let outer = (memoCount, stackBase, marksBase, memoBase)
        (memoCount, stackBase, marksBase, memoBase) = (0, stack.count, marks.count, memo.count)
        floor = stackBase
        isNested = true
        let result = try run()
        stack.cut(to: stackBase)
        marks.cut(to: marksBase)
        memo.cut(to: memoBase)
        (memoCount, stackBase, marksBase, memoBase) = outer
        updateFloor()
        isNested = false
        return result
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(SklearnError) {
        switch opcode {
        case .proto, .frame, .mark, .pop, .popMark, .dup, .stop:
            try control(opcode)
        case .put, .binPut, .longBinPut, .memoize, .get, .binGet, .longBinGet:
            try memo(opcode)
        case .none, .newTrue, .newFalse, .binInt, .binInt1, .binInt2, .long1, .long4, .binFloat,
            .int, .long, .float:
            try push(arena.make(try number(opcode)))
        case .string, .binString, .shortBinString, .unicode, .binUnicode, .shortBinUnicode,
            .binUnicode8, .binBytes, .shortBinBytes, .binBytes8, .byteArray8:
            try push(arena.make(try text(opcode)))
        case .emptyTuple, .tuple1, .tuple2, .tuple3, .tuple, .emptyList, .list, .emptyDict, .dict,
            .emptySet, .frozenSet:
            try makeContainer(opcode)
        case .append, .appends, .setItem, .setItems, .addItems:
            try fillContainer(opcode)
        case .global, .stackGlobal, .reduce, .build, .newObj, .newObjEx:
            try object(opcode)
        case .inst:
            _ = try globalFromLines()
            throw .refusedOpcode("INST")
        case .persID: throw .refusedOpcode("PERSID")
        case .binPersID: throw .refusedOpcode("BINPERSID")
        case .obj: throw .refusedOpcode("OBJ")
        case .ext1: throw .refusedOpcode("EXT1")
        case .ext2: throw .refusedOpcode("EXT2")
        case .ext4: throw .refusedOpcode("EXT4")
        case .nextBuffer: throw .refusedOpcode("NEXT_BUFFER")
        case .readOnlyBuffer: throw .refusedOpcode("READONLY_BUFFER")
        }
    }

    private mutating func control(_ opcode: PickleOpcode) throws(SklearnError) {
        switch opcode {
        case .proto:
            let version = try reader.byte()
            guard version <= 5 else {
                throw .unsupported("pickle protocol \(version) is not known; use 2 to 5")
            }
        case .frame:
            let length = try reader.unsigned(8)
            guard length <= UInt64(reader.remaining) else {
                throw .truncated(
                    "the file ends too early: a frame of \(length) bytes, "
                        + "\(reader.remaining) left"
                )
            }
        case .mark:
            guard marks.count < arena.limits.markDepth else {
                throw .limit("containers nest deeper than the \(arena.limits.markDepth) allowed")
            }
            marks.append(Int32(truncatingIfNeeded: stack.count))
            floor = stack.count
        case .pop:
            // Python lets POP take a mark when nothing lies above it.
            if marks.count > marksBase, floor == stack.count {
                marks.cut(to: marks.count - 1)
                updateFloor()
            } else {
                _ = try pop()
            }
        case .popMark:
            _ = try popMark()
        default:
            try push(try top())
        }
    }
}

// MARK: Stack and memo

extension PickleMachine {
    @inline(__always)
    mutating func push(_ value: Int) throws(SklearnError) {
        guard stack.count < arena.limits.stackDepth else {
            throw .limit("the stack grows past the \(arena.limits.stackDepth) values allowed")
        }
        stack.append(Int32(truncatingIfNeeded: value))
    }

    @inline(__always)
    mutating func pop() throws(SklearnError) -> Int {
        let value = try top()
        stack.cut(to: stack.count - 1)
        return value
    }

    /// The topmost value above the last mark.
    @inline(__always)
    func top() throws(SklearnError) -> Int {
        guard stack.count > floor else { throw noValue }
        return Int(stack[stack.count - 1])
    }

    /// Appends the topmost values to a container and takes them from the stack.
    mutating func moveTop(_ count: Int, to chain: inout Chain) throws(SklearnError) {
        guard stack.count - count >= floor else { throw noValue }
        try move(from: stack.count - count, to: &chain)
    }

    /// Appends the values above the last mark to a container; they and the mark go.
    mutating func moveToMark(to chain: inout Chain) throws(SklearnError) {
        try move(from: popMark(cutting: false), to: &chain)
    }

    /// The value below the ones that an opcode fills a container with.
    func target(below count: Int?) throws(SklearnError) -> Int {
        guard let count else {
            // Below a mark lies what was on top when it was set.
            guard marks.count > marksBase, case let mark = Int(marks[marks.count - 1]),
                mark > lowerFloor, mark <= stack.count
            else { throw noMark }
            return Int(stack[mark - 1])
        }
        guard stack.count - count > floor else { throw noValue }
        return Int(stack[stack.count - count - 1])
    }

    /// How many values lie above the last mark.
    func countToMark() throws(SklearnError) -> Int {
        guard marks.count > marksBase else { throw noMark }
        return stack.count - Int(marks[marks.count - 1])
    }

    private mutating func move(from start: Int, to chain: inout Chain) throws(SklearnError) {
        for index in start..<stack.count { try arena.append(Int(stack[index]), to: &chain) }
        stack.cut(to: start)
    }

    /// Takes the last mark, and the values above it unless told otherwise; gives its height.
    @discardableResult
    private mutating func popMark(cutting: Bool = true) throws(SklearnError) -> Int {
        guard marks.count > marksBase, case let mark = Int(marks[marks.count - 1]),
            mark <= stack.count
        else { throw noMark }
        marks.cut(to: marks.count - 1)
        updateFloor()
        if cutting { stack.cut(to: mark) }
        return mark
    }

    private mutating func updateFloor() {
        floor = marks.count > marksBase ? Int(marks[marks.count - 1]) : stackBase
    }

    /// The same below the last mark.
    private var lowerFloor: Int {
        marks.count - 1 > marksBase ? Int(marks[marks.count - 2]) : stackBase
    }

    @inline(never)
    private var noValue: SklearnError {
        .malformed("an opcode before offset \(reader.position) finds no value to use")
    }

    private var noMark: SklearnError {
        .malformed("an opcode before offset \(reader.position) finds no mark")
    }

    private mutating func memo(_ opcode: PickleOpcode) throws(SklearnError) {
        switch opcode {
        case .put: try remember(try textIndex())
        case .binPut: try remember(Int(try reader.byte()))
        case .longBinPut: try remember(Int(try reader.unsigned(4)))
        case .memoize: try remember(memoCount)
        case .get: try recall(try textIndex())
        case .binGet: try recall(Int(try reader.byte()))
        default: try recall(Int(try reader.unsigned(4)))
        }
    }

    private mutating func remember(_ index: Int) throws(SklearnError) {
        let value = try top()
        guard index >= 0, index < arena.limits.memoCount else {
            throw .limit("memo index \(index) is past the \(arena.limits.memoCount) allowed")
        }
        let slot = memoBase + index
        if slot == memo.count {
            memo.append(Int32(truncatingIfNeeded: value))
            memoCount += 1
            return
        }
        if slot > memo.count { memo.append(repeating: -1, count: slot + 1 - memo.count) }
        if memo[slot] < 0 { memoCount += 1 }
        memo[slot] = Int32(truncatingIfNeeded: value)
    }

    private mutating func recall(_ index: Int) throws(SklearnError) {
        guard index >= 0, index < memo.count - memoBase, memo[memoBase + index] >= 0 else {
            throw .malformed("memo entry \(index) is read before it is written")
        }
        try push(Int(memo[memoBase + index]))
    }
}
