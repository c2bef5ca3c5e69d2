internal import Inference

/// A version of scikit-learn: what an estimator computes depends on it now and then.
struct SklearnVersion: Comparable {
    var major: Int
    var minor: Int

    static func < (left: SklearnVersion, right: SklearnVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

extension EstimatorAttributes {
    /// The version that saved the estimator; a file that does not say is taken for a new one.
    var version: SklearnVersion {
        let parts = (text("_sklearn_version") ?? "").split(separator: ".").prefix(2)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else {
            return SklearnVersion(major: 99, minor: 0)
        }
        return SklearnVersion(major: major, minor: minor)
    }

    /// An array of numbers, NaN and infinity included; nil when the attribute is absent or None.
    func anyNumbers(_ name: StaticString) throws(SklearnError) -> [Double]? {
        guard let value = find(name) else { return nil }
        if case .none = arena[value] { return nil }
        guard let numbers = try anyNumbers(value, name) else {
            throw .unsupported("\(name) of \(label) is not a plain array of numbers")
        }
        return numbers
    }

    /// The numbers of an array of any rank, row-major; nil for a value that is none.
    func anyNumbers(_ value: Int, _ name: StaticString) throws(SklearnError) -> [Double]? {
        guard case .array(var array) = arena[value] else { return nil }
        guard array.count <= arena.limits.numberCount else {
            throw .limit("\(name) of \(label) has \(array.count) numbers")
        }
        if array.objects >= 0 {
            var result: [Double] = []
            for item in try objects(value, atMost: array.count) {
                guard let number = arena.number(item) else { return nil }
                result.append(number)
            }
            return result
        }
        if array.rank > 2 {
            guard !array.isFortran else { return nil }
            array.rank = 1
        }
        return arena.numbers(array)
    }

    /// A whole number that counts something; nil when the attribute is absent or None.
    func count(_ name: StaticString) throws(SklearnError) -> Int? {
        guard let number = try number(name) else { return nil }
        guard let count = Int(exactly: number), count >= 0 else {
            throw .malformed("\(name) \(number) of \(label) is not a count")
        }
        return count
    }

    /// Whether an attribute is absent or None.
    func isNone(_ name: StaticString) -> Bool {
        guard let value = find(name) else { return true }
        if case .none = arena[value] { return true }
        return false
    }

    /// A text out of a list of known ones.
    func choice<Choice>(
        _ name: StaticString,
        absent: Choice? = nil,
        _ choices: [(text: String, choice: Choice)]
    ) throws(SklearnError) -> Choice {
        let known = choices.map(\.text).joined(separator: ", ")
        guard let value = find(name) else {
            guard let absent else { throw .malformed("\(label) has no \(name)") }
            return absent
        }
        guard let slice = arena.textSlice(value) else {
            throw .unsupported(
                "\(label) has a \(name) that is a \(arena[value].typeName); supported: \(known)"
            )
        }
        let text = arena.string(slice)
        guard let match = choices.first(where: { $0.text == text }) else {
            throw .unsupported(
                "\(label) has the \(name) \"\(printable(text, limit: 60))\"; supported: \(known)"
            )
        }
        return match.choice
    }
}
