/// Tuples, lists, dictionaries and sets.
extension PickleMachine {
    mutating func makeContainer(_ opcode: PickleOpcode) throws(SklearnError) {
        let members: [Int]
        switch opcode {
        case .emptyTuple, .emptyList, .emptyDict, .emptySet: members = []
        case .tuple1: members = try popLast(1)
        case .tuple2: members = try popLast(2)
        case .tuple3: members = try popLast(3)
        default: members = try popToMark()
        }
        var chain = Chain()
        for member in members { try arena.append(member, to: &chain) }
        let value: PickleValue
        switch opcode {
        case .emptyList, .list: value = .list(chain)
        case .emptyDict, .dict:
            guard chain.count % 2 == 0 else { throw oddDictionary }
            value = .dict(chain)
        case .emptySet, .frozenSet: value = .set(chain)
        default: value = .tuple(chain)
        }
        try push(arena.make(value))
    }

    mutating func fillContainer(_ opcode: PickleOpcode) throws(SklearnError) {
        let members: [Int]
        switch opcode {
        case .append: members = try popLast(1)
        case .setItem: members = try popLast(2)
        default: members = try popToMark()
        }
        let target = try top()
        switch (opcode, arena[target]) {
        case (.append, .list(var chain)), (.appends, .list(var chain)):
            for member in members { try arena.append(member, to: &chain) }
            arena[target] = .list(chain)
        case (.setItem, .dict(var chain)), (.setItems, .dict(var chain)):
            guard members.count % 2 == 0 else { throw oddDictionary }
            for member in members { try arena.append(member, to: &chain) }
            arena[target] = .dict(chain)
        case (.addItems, .set(var chain)):
            for member in members { try arena.append(member, to: &chain) }
            arena[target] = .set(chain)
        case (_, .object(let type, _)) where isUnread(type):
            // The entries of an object nobody reads are not kept.
            break
        default:
            throw .malformed(
                "an opcode before offset \(reader.position) adds entries to a value of type "
                    + arena[target].typeName
            )
        }
    }

    private func isUnread(_ type: Int) -> Bool {
        guard case .global(let global, _) = arena[type] else { return false }
        return global == .otherSklearn || global == .opaque
    }

    private mutating func popLast(_ count: Int) throws(SklearnError) -> [Int] {
        var values = [Int](repeating: 0, count: count)
        for index in (0..<count).reversed() { values[index] = try pop() }
        return values
    }

    private var oddDictionary: SklearnError {
        .malformed("a dictionary before offset \(reader.position) has a key without a value")
    }
}
