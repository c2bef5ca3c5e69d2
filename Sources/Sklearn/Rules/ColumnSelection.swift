/// The columns that a value of a ColumnTransformer stands for.
struct ColumnSelection {
    let estimator: EstimatorAttributes
    /// Columns of a row.
    let width: Int
    private let indexes: [String: Int]

    init(estimator: EstimatorAttributes, width: Int, names: [String]?) {
        self.estimator = estimator
        self.width = width
        var indexes: [String: Int] = [:]
        for (index, name) in (names ?? []).enumerated() where index < width {
            indexes[name] = index
        }
        self.indexes = indexes
    }

    /// The indexes behind an integer, a name, a slice, a mask, or a list of integers or names.
    ///
    /// - Throws: ``SklearnError`` naming the transformer whose columns are something else.
    func columns(_ value: Int, of name: String) throws(SklearnError) -> [Int] {
        let arena = estimator.arena
        switch arena[value] {
        case .int, .text, .bytes: return [try column(value, name)]
        case .list(let chain), .tuple(let chain):
            return try columns(arena.items(chain, atMost: arena.limits.nameCount), name)
        case .array(let array):
            if array.objects >= 0 { return try columns(array.objects, of: name) }
            if array.element.kind == UInt8(ascii: "U") {
                let texts = try arena.texts(array, atMost: arena.limits.nameCount) ?? []
                var result: [Int] = []
                for text in texts { result.append(try index(text, name)) }
                return result
            }
            guard array.count <= arena.limits.nameCount, let numbers = arena.numbers(array) else {
                break
            }
            if array.element.kind == UInt8(ascii: "b") { return try mask(numbers, name) }
            var result: [Int] = []
            for number in numbers {
                guard let index = Int(exactly: number) else { throw notColumns(name) }
                result.append(try bounded(index, name))
            }
            return result
        case .object(let type, let arguments, let state):
            guard case .global(let global, _) = arena[type] else { break }
            if global == .sliceType { return try slice(arguments, name) }
            // The columns of the remainder come in a list of scikit-learn's own (1.5 to 1.7).
            if state >= 0, case .dict(let chain) = arena[state],
                chain.count / 2 <= arena.limits.attributeCount,
                let data = arena.lookUp("data", in: chain), case .list = arena[data]
            {
                return try columns(data, of: name)
            }
        default: break
        }
        throw notColumns(name)
    }

    private func columns(_ items: [Int], _ name: String) throws(SklearnError) -> [Int] {
        let flags = items.compactMap { item -> Double? in
            guard case .bool(let flag) = estimator.arena[item] else { return nil }
            return flag ? 1 : 0
        }
        if !items.isEmpty, flags.count == items.count { return try mask(flags, name) }
        var result: [Int] = []
        for item in items { result.append(try column(item, name)) }
        return result
    }

    private func mask(_ flags: [Double], _ name: String) throws(SklearnError) -> [Int] {
        guard flags.count <= width else {
            throw .malformed(
                "the mask of \"\(name)\" of \(estimator.label) has \(flags.count) entries for "
                    + "\(width) columns"
            )
        }
        return flags.indices.filter { flags[$0] != 0 }
    }

    private func column(_ value: Int, _ name: String) throws(SklearnError) -> Int {
        if case .int(let index) = estimator.arena[value] { return try bounded(index, name) }
        guard let slice = estimator.arena.textSlice(value) else { throw notColumns(name) }
        return try index(estimator.arena.string(slice), name)
    }

    private func index(_ text: String, _ name: String) throws(SklearnError) -> Int {
        guard let index = indexes[text] else {
            throw .malformed(
                "\"\(name)\" of \(estimator.label) takes the column "
                    + "\"\(printable(text, limit: 60))\", which feature_names_in_ does not hold"
            )
        }
        return index
    }

    private func bounded(_ index: Int, _ name: String) throws(SklearnError) -> Int {
        let (fromEnd, overflow) = index.addingReportingOverflow(width)
        let column = index < 0 && !overflow ? fromEnd : index
        guard (0..<width).contains(column) else {
            throw .malformed(
                "\"\(name)\" of \(estimator.label) takes column \(index) of \(width)"
            )
        }
        return column
    }

    /// Python's slice of integers, or of names with the last one included.
    private func slice(_ arguments: Int, _ name: String) throws(SklearnError) -> [Int] {
        let arena = estimator.arena
        guard arguments >= 0, case .tuple(let chain) = arena[arguments],
            case let parts = try arena.items(chain, atMost: 4), parts.count == 3
        else { throw notColumns(name) }
        if arena.textSlice(parts[0]) != nil || arena.textSlice(parts[1]) != nil {
            let start = try isNone(parts[0]) ? 0 : column(parts[0], name)
            let end = try isNone(parts[1]) ? width - 1 : column(parts[1], name)
            return start <= end ? Array(start...end) : []
        }
        var step = 1
        if !isNone(parts[2]) {
            guard case .int(let value) = arena[parts[2]], value != 0, value > Int.min / 2,
                value < Int.max / 2
            else { throw notColumns(name) }
            step = value
        }
        let range = step > 0 ? 0...width : -1...(width - 1)
        func bound(_ part: Int, _ absent: Int) throws(SklearnError) -> Int {
            if isNone(part) { return absent }
            guard case .int(let value) = arena[part] else { throw notColumns(name) }
            let (fromEnd, overflow) = value.addingReportingOverflow(width)
            let index = value < 0 && !overflow ? fromEnd : value
            return min(max(index, range.lowerBound), range.upperBound)
        }
        let start = try bound(parts[0], step > 0 ? 0 : width - 1)
        let end = try bound(parts[1], step > 0 ? width : -1)
        return Array(stride(from: start, to: end, by: step))
    }

    private func isNone(_ value: Int) -> Bool {
        if case .none = estimator.arena[value] { return true }
        return false
    }

    private func notColumns(_ name: String) -> SklearnError {
        .unsupported(
            "the columns of \"\(name)\" of \(estimator.label) are not integers, names, a slice or "
                + "a mask"
        )
    }
}
