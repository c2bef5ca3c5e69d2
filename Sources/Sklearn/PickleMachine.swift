/// Runs the opcodes of a pickle over plain values; no opcode can reach code.
///
/// Concurrency: one thread; the input must outlive it.
struct PickleMachine {
    var arena: PickleArena
    var reader: PickleReader
    /// True inside the plain pickle that joblib writes in place of an object array.
    var isNested = false
    private var stack: [Int] = []
    /// Stack heights at which a MARK was set.
    private var marks: [Int] = []
    private var memo: [Int] = []
    private var memoCount = 0

    init(_ bytes: UnsafeRawBufferPointer, limits: DecodeLimits) {
        arena = PickleArena(bytes, limits: limits)
        reader = PickleReader(bytes)
        stack.reserveCapacity(64)
        memo.reserveCapacity(256)
    }

    /// Decodes up to STOP and returns the index of the value.
    mutating func run() throws(SklearnError) -> Int {
        while true {
            let offset = reader.position
            let byte = try reader.byte()
            guard let opcode = PickleOpcode(rawValue: byte) else {
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
        let outer = (stack, marks, memo, memoCount)
        (stack, marks, memo, memoCount) = ([], [], [], 0)
        isNested = true
        let result = try run()
        (stack, marks, memo, memoCount) = outer
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
            marks.append(stack.count)
        case .pop:
            // Python lets POP take a mark when nothing lies above it.
            if let mark = marks.last, mark == stack.count {
                marks.removeLast()
            } else {
                _ = try pop()
            }
        case .popMark:
            _ = try popToMark()
        default:
            try push(try top())
        }
    }
}

// MARK: Stack and memo

extension PickleMachine {
    mutating func push(_ value: Int) throws(SklearnError) {
        guard stack.count < arena.limits.stackDepth else {
            throw .limit("the stack grows past the \(arena.limits.stackDepth) values allowed")
        }
        stack.append(value)
    }

    mutating func pop() throws(SklearnError) -> Int {
        let value = try top()
        stack.removeLast()
        return value
    }

    /// The topmost value above the last mark.
    func top() throws(SklearnError) -> Int {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw .malformed("an opcode before offset \(reader.position) finds no value to use")
        }
        return value
    }

    /// The values above the last mark, which goes with them.
    mutating func popToMark() throws(SklearnError) -> [Int] {
        guard let mark = marks.popLast(), mark <= stack.count else {
            throw .malformed("an opcode before offset \(reader.position) finds no mark")
        }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
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
        if index == memo.count {
            memo.append(-1)
        } else if index > memo.count {
            memo.append(contentsOf: repeatElement(-1, count: index + 1 - memo.count))
        }
        if memo[index] < 0 { memoCount += 1 }
        memo[index] = value
    }

    private mutating func recall(_ index: Int) throws(SklearnError) {
        guard memo.indices.contains(index), memo[index] >= 0 else {
            throw .malformed("memo entry \(index) is read before it is written")
        }
        try push(memo[index])
    }
}
