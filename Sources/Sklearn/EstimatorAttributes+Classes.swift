/// What classifiers say of their classes, and what a class is called.
extension EstimatorAttributes {
    /// The classes as texts, in order; whole numbers without a fraction, truth values as Python's.
    ///
    /// - Throws: ``SklearnError`` when there are none, or values that are no texts and no numbers.
    func classes() throws(SklearnError) -> [String] {
        guard let value = find("classes_"), case .array(let array) = arena[value] else {
            throw .notFitted("\(label) has no classes_; call fit before saving the model")
        }
        guard array.rank == 1, array.count <= arena.limits.nameCount else {
            throw .unsupported("\(label) has \(array.count) classes in \(array.rank) axes")
        }
        if let texts = try arena.texts(array, atMost: arena.limits.nameCount) { return texts }
        if array.objects >= 0 {
            var result: [String] = []
            for item in try objects(value, atMost: arena.limits.nameCount) {
                if let slice = arena.textSlice(item) {
                    result.append(arena.string(slice))
                } else if let number = arena.number(item) {
                    result.append(Self.text(number))
                } else {
                    throw unreadableClasses
                }
            }
            return result
        }
        guard let numbers = arena.numbers(array) else { throw unreadableClasses }
        if array.element.kind == UInt8(ascii: "b") {
            return numbers.map { $0 == 0 ? "False" : "True" }
        }
        return numbers.map { Self.text($0) }
    }

    /// The class name in snake case: `one_class_svm`, `k_means`.
    var typeName: String {
        var result = ""
        let letters = Array(step.className.unicodeScalars)
        for (index, letter) in letters.enumerated() {
            let isUpper = ("A"..."Z").contains(letter)
            let afterLower = index > 0 && !("A"..."Z").contains(letters[index - 1])
            let beforeLower = index + 1 < letters.count && ("a"..."z").contains(letters[index + 1])
            if isUpper, index > 0, afterLower || beforeLower { result.append("_") }
            result.unicodeScalars.append(letter)
        }
        return result.lowercased()
    }

    /// Whether the file comes from a scikit-learn before a version; files without one do.
    func isBefore(_ major: Int, _ minor: Int) -> Bool {
        guard let parts = text("_sklearn_version")?.split(separator: "."), parts.count >= 2,
            let ownMajor = Int(parts[0]), let ownMinor = Int(parts[1])
        else { return true }
        return (ownMajor, ownMinor) < (major, minor)
    }

    private static func text(_ number: Double) -> String {
        Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    private var unreadableClasses: SklearnError {
        .unsupported("the classes of \(label) are neither texts nor numbers")
    }
}
