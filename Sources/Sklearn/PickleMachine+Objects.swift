/// Names, calls and instances: the opcodes with which an ordinary pickle runs code.
extension PickleMachine {
    mutating func object(_ opcode: PickleOpcode) throws(SklearnError) {
        switch opcode {
        case .global: try push(try globalFromLines())
        case .stackGlobal: try push(try globalFromStack())
        case .reduce:
            let arguments = try pop()
            let callable = try pop()
            try push(try call(callable, arguments))
        case .build:
            let state = try pop()
            try build(state)
        default:
            if opcode == .newObjEx { _ = try pop() }
            let arguments = try pop()
            let type = try pop()
            guard case .global(let global, let name) = arena[type] else { throw notCallable(type) }
            guard global.isClass else {
                throw .malformed("\(arena.string(name)) is used as a class")
            }
            try push(arena.make(.object(type: type, arguments: arguments, state: -1)))
        }
    }

    mutating func globalFromLines() throws(SklearnError) -> Int {
        let module = try reader.line()
        let name = try reader.line()
        return try global(module, name)
    }

    private mutating func globalFromStack() throws(SklearnError) -> Int {
        let name = try pop()
        let module = try pop()
        guard let module = arena.textSlice(module), let name = arena.textSlice(name) else {
            throw .malformed("a name before offset \(reader.position) is not a text")
        }
        return try global(module, name)
    }

    private mutating func global(
        _ module: ByteSlice,
        _ name: ByteSlice
    ) throws(SklearnError) -> Int {
        guard module.count + name.count <= arena.limits.globalNameBytes else {
            throw .limit("the file asks for a name of \(module.count + name.count) bytes")
        }
        guard let global = arena.global(module, name) else {
            throw .refusedGlobal(printable("\(arena.string(module)).\(arena.string(name))"))
        }
        guard global != .separateFileWrapper else {
            throw .unsupported(
                "its arrays are in separate files (joblib before 0.10); load it and save it again "
                    + "with a newer joblib"
            )
        }
        return try arena.make(.global(global, name: name))
    }

    /// What the call of an allow-listed name would give, built by hand.
    private mutating func call(_ callable: Int, _ arguments: Int) throws(SklearnError) -> Int {
        guard case .global(let global, let name) = arena[callable] else {
            throw notCallable(callable)
        }
        guard case .tuple(let chain) = arena[arguments] else {
            throw .malformed("\(arena.string(name)) is called without a tuple of arguments")
        }
        // An object may have any number of arguments; its rule looks at those it knows.
        if global.isClass, global != .arrayWrapper {
            return try arena.make(.object(type: callable, arguments: arguments, state: -1))
        }
        let items = try arena.items(chain, atMost: 16)
        switch global {
        case .arrayReconstruct: return try arena.make(.array(PickleArray()))
        case .arrayFromBuffer: return try arrayFromBuffer(items)
        case .dtype: return try arena.make(.dtype(try elementType(items)))
        case .scalar: return try arena.make(try scalar(items))
        case .encode: return try arena.make(.bytes(try encodeLatin1(items)))
        case .bytesType: return try arena.make(.bytes(try bytesFrom(items)))
        case .setType: return try setFrom(items)
        case .orderedDict where items.isEmpty: return try arena.make(.dict(Chain()))
        case .ufuncReconstruct:
            guard items.count == 2, let module = arena.textSlice(items[0]),
                let name = arena.textSlice(items[1])
            else { throw .malformed("_ufunc_reconstruct is called without two names") }
            return try self.global(module, name)
        case .objectReconstructor:
            guard let type = items.first, case .global(let class_, _) = arena[type], class_.isClass
            else { throw .malformed("_reconstructor is called without a class") }
            return try arena.make(.object(type: type, arguments: arguments, state: -1))
        default:
            throw .malformed(
                "\(arena.string(name)) is called with \(items.count) arguments, which is not "
                    + "how a model is written"
            )
        }
    }

    /// Gives the value on the top of the stack its state.
    private mutating func build(_ state: Int) throws(SklearnError) {
        let target = try top()
        switch arena[target] {
        case .array(let array):
            arena[target] = .array(try filled(array, state: state))
        case .dtype(let element):
            arena[target] = .dtype(try ordered(element, state: state))
        case .object(let type, let arguments, _):
            arena[target] = .object(type: type, arguments: arguments, state: state)
            guard case .global(.arrayWrapper, _) = arena[type], !isNested else { return }
            // joblib writes the elements right behind the wrapper's state.
            _ = try pop()
            try push(try joblibArray(state))
        case .dict:
            // An OrderedDict subclass may carry attributes; its entries came before.
            break
        default:
            throw .malformed(
                "an opcode before offset \(reader.position) gives a state to a value of type "
                    + arena[target].typeName
            )
        }
    }

    private mutating func setFrom(_ items: [Int]) throws(SklearnError) -> Int {
        guard let first = items.first else { return try arena.make(.set(Chain())) }
        switch arena[first] {
        case .list(let chain), .tuple(let chain), .set(let chain):
            return try arena.make(.set(chain))
        default: throw .malformed("a set is made from a value of type \(arena[first].typeName)")
        }
    }

    private mutating func bytesFrom(_ items: [Int]) throws(SklearnError) -> ByteSlice {
        switch items.count {
        case 0: return ByteSlice(offset: 0, count: 0)
        case 1:
            guard case .bytes(let slice) = arena[items[0]] else {
                throw .malformed("bytes are made from a value of type \(arena[items[0]].typeName)")
            }
            return slice
        default: return try encodeLatin1(items)
        }
    }

    /// Protocols 0 to 2 write bytes as the text whose Latin-1 form they are.
    private mutating func encodeLatin1(_ items: [Int]) throws(SklearnError) -> ByteSlice {
        guard items.count == 2, case .text(let slice) = arena[items[0]],
            arena.equals(items[1], "latin1") || arena.equals(items[1], "latin-1")
        else { throw .malformed("encode is called for something else than Latin-1 text") }
        let bytes = arena.withBytes(slice) { latin1($0) }
        guard let bytes else { throw .malformed("a text is not Latin-1 where bytes are expected") }
        return try arena.store(bytes)
    }

    private func notCallable(_ value: Int) -> SklearnError {
        .malformed("a value of type \(arena[value].typeName) is called")
    }
}

/// UTF-8 of code points up to U+00FF as single bytes; nil for anything else.
private func latin1(_ utf8: UnsafeRawBufferPointer) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(utf8.count)
    var index = 0
    while index < utf8.count {
        let lead = utf8[index]
        if lead < 0x80 {
            bytes.append(lead)
            index += 1
            continue
        }
        guard lead == 0xC2 || lead == 0xC3, index + 1 < utf8.count, utf8[index + 1] & 0xC0 == 0x80
        else { return nil }
        bytes.append((lead & 0x03) << 6 | utf8[index + 1] & 0x3F)
        index += 2
    }
    return bytes
}
