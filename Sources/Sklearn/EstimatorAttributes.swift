/// Typed, checked access to the attributes of one estimator.
struct EstimatorAttributes {
    let arena: PickleArena
    let step: PipelineStep
    /// The text written before messages; the estimator and where it stands.
    var label: String { step.label }

    /// The attribute's value, where None counts as one; nil when the file has none.
    func find(_ name: StaticString) -> Int? {
        step.state.flatMap { arena.lookUp(name, in: $0) }
    }

    func flag(_ name: StaticString, default absent: Bool) -> Bool {
        guard let value = find(name) else { return absent }
        switch arena[value] {
        case .bool(let flag): return flag
        case .int(let number): return number != 0
        case .float(let number): return number != 0
        case .none: return false
        default: return absent
        }
    }

    /// A text such as the version; nil when absent or something else.
    func text(_ name: StaticString) -> String? {
        guard let value = find(name), let slice = arena.textSlice(value) else { return nil }
        return printable(arena.string(slice), limit: 40)
    }

    /// A finite number; nil when the attribute is absent or None.
    func number(_ name: StaticString) throws(SklearnError) -> Double? {
        guard let value = find(name) else { return nil }
        let number: Double
        switch arena[value] {
        case .none: return nil
        case .int(let integer): number = Double(integer)
        case .float(let float): number = float
        case .bool(let flag): number = flag ? 1 : 0
        case .array(let array) where array.count == 1:
            guard let only = arena.numbers(array)?.first else { throw notNumbers(name) }
            number = only
        default: throw notNumbers(name)
        }
        guard number.isFinite else { throw notFinite(name, number) }
        return number
    }

    /// An array of finite numbers, row-major; nil when the attribute is absent or None.
    func matrix(
        _ name: StaticString
    ) throws(SklearnError) -> (values: [Double], shape: PickleArray)? {
        guard let value = find(name) else { return nil }
        if case .none = arena[value] { return nil }
        guard case .array(let array) = arena[value] else { throw notNumbers(name) }
        guard array.count <= arena.limits.numberCount else {
            throw .limit("\(name) of \(label) has \(array.count) numbers")
        }
        guard let values = arena.numbers(array) else { throw notNumbers(name) }
        if let bad = values.first(where: { !$0.isFinite }) { throw notFinite(name, bad) }
        return (values, array)
    }

    /// A one-dimensional array; nil when the attribute is absent or None.
    func vector(_ name: StaticString) throws(SklearnError) -> [Double]? {
        guard let (values, shape) = try matrix(name) else { return nil }
        guard shape.rank == 1 else {
            throw .malformed("\(name) of \(label) has \(shape.rank) axes where 1 is expected")
        }
        return values
    }

    /// A vector that divides; scikit-learn never writes a zero there.
    func divisor(_ name: StaticString) throws(SklearnError) -> [Double]? {
        let values = try vector(name)
        if let values, values.contains(0) {
            throw .malformed("\(name) of \(label) holds 0, and every value is divided by it")
        }
        return values
    }

    /// The names the estimator was fitted with; nil when it was fitted on an array.
    func featureNames() throws(SklearnError) -> [String]? {
        guard let value = find("feature_names_in_") else { return nil }
        if case .none = arena[value] { return nil }
        guard case .array(let array) = arena[value],
            let names = try arena.texts(array, atMost: arena.limits.nameCount)
        else { throw .malformed("feature_names_in_ of \(label) are not texts") }
        return names
    }

    /// The items of a list or tuple; none when the attribute is absent or something else.
    func sequence(_ name: StaticString, atMost limit: Int) throws(SklearnError) -> [Int] {
        guard let value = find(name) else { return [] }
        switch arena[value] {
        case .list(let chain), .tuple(let chain): return try arena.items(chain, atMost: limit)
        default: return []
        }
    }

    /// The fitted object (a tree, another estimator) that an attribute holds; nil when absent.
    func nested(_ name: StaticString) throws(SklearnError) -> EstimatorAttributes? {
        guard let value = find(name) else { return nil }
        if case .none = arena[value] { return nil }
        return try nested(value, name)
    }

    /// The fitted objects of a list, tuple or object array, in order.
    func nestedList(_ name: StaticString, atMost limit: Int) throws(SklearnError)
        -> [EstimatorAttributes]
    {
        guard let value = find(name) else { return [] }
        var result: [EstimatorAttributes] = []
        for item in try objects(value, atMost: limit) { result.append(try nested(item, name)) }
        return result
    }

    /// The values of a list, tuple or object array (row-major), in order.
    func objects(_ value: Int, atMost limit: Int) throws(SklearnError) -> [Int] {
        switch arena[value] {
        case .list(let chain), .tuple(let chain): return try arena.items(chain, atMost: limit)
        case .array(let array) where array.objects >= 0:
            guard case .list(let chain) = arena[array.objects] else { return [] }
            return try arena.items(chain, atMost: limit)
        default: return []
        }
    }

    /// A value as a fitted object; messages say it is inside this estimator.
    func nested(_ value: Int, _ name: StaticString) throws(SklearnError) -> EstimatorAttributes {
        let step = try arena.estimator(value, place: " in \(name) of \(label)")
        return EstimatorAttributes(arena: arena, step: step)
    }

    /// The values the object was made from (`Tree(n_features, n_classes, n_outputs)`).
    func arguments(atMost limit: Int) throws(SklearnError) -> [Int] {
        guard case .object(_, let arguments, _) = arena[step.value], arguments >= 0,
            case .tuple(let chain) = arena[arguments]
        else { return [] }
        return try arena.items(chain, atMost: limit)
    }

    /// Refuses an estimator that lacks what `fit` gives it.
    func requireFitted(_ name: StaticString) throws(SklearnError) {
        guard find(name) == nil else { return }
        throw .notFitted(
            "\(label) is not fitted (it has no \(name)); call fit before saving the model"
        )
    }

    private func notNumbers(_ name: StaticString) -> SklearnError {
        .unsupported("\(name) of \(label) is not a plain array of numbers")
    }

    private func notFinite(_ name: StaticString, _ value: Double) -> SklearnError {
        .malformed("\(name) of \(label) holds \(value), which is not a finite number")
    }
}
