/// Tuples, lists, dictionaries and sets.
extension PickleMachine {
    mutating func makeContainer(_ opcode: PickleOpcode) throws(SklearnError) {
        var chain = Chain()
        switch opcode {
        case .emptyTuple, .emptyList, .emptyDict, .emptySet: break
        case .tuple1: try moveTop(1, to: &chain)
        case .tuple2: try moveTop(2, to: &chain)
        case .tuple3: try moveTop(3, to: &chain)
        default: try moveToMark(to: &chain)
        }
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
        // Nil: all values above the last mark.
        let count: Int? =
            switch opcode {
            case .append: 1
            case .setItem: 2
            default: nil
            }
        let added: Int
        if let count { added = count } else { added = try countToMark() }
        let target = try target(below: count)
        func move(to chain: inout Chain) throws(SklearnError) {
            if let count {
                try moveTop(count, to: &chain)
            } else {
                try moveToMark(to: &chain)
            }
        }
        switch (opcode, arena[target]) {
        case (.append, .list(var chain)), (.appends, .list(var chain)):
            try move(to: &chain)
            arena[target] = .list(chain)
        case (.setItem, .dict(var chain)), (.setItems, .dict(var chain)):
            guard added % 2 == 0 else { throw oddDictionary }
            try move(to: &chain)
            arena[target] = .dict(chain)
        case (.addItems, .set(var chain)):
            try move(to: &chain)
            arena[target] = .set(chain)
        case (_, .object(let type, _, _)) where isUnread(type):
            // The entries of an object nobody reads are not kept.
            var unread = Chain()
            try move(to: &unread)
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

    private var oddDictionary: SklearnError {
        .malformed("a dictionary before offset \(reader.position) has a key without a value")
    }
}
