extension OperatorCall {
    /// The attribute, or nil if the node has none of the name.
    package func attribute(_ name: String) -> GraphAttribute? { node.attributes[name] }

    /// An integer attribute, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func int(_ name: String) throws(GraphError) -> Int? {
        guard let attribute = attribute(name) else { return nil }
        guard case .int(let value) = attribute else {
            throw mismatch(name, attribute, "an integer")
        }
        return Int(value)
    }

    /// An integer attribute with the standard's default.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func int(_ name: String, default fallback: Int) throws(GraphError) -> Int {
        try int(name) ?? fallback
    }

    /// An attribute of 0 or 1.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func flag(_ name: String, default fallback: Bool) throws(GraphError) -> Bool {
        guard let value = try int(name) else { return fallback }
        return value != 0
    }

    /// A number attribute, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func float(_ name: String) throws(GraphError) -> Float? {
        guard let attribute = attribute(name) else { return nil }
        guard case .float(let value) = attribute else {
            throw mismatch(name, attribute, "a number")
        }
        return value
    }

    /// A string attribute, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func string(_ name: String) throws(GraphError) -> String? {
        guard let attribute = attribute(name) else { return nil }
        guard case .string(let value) = attribute else {
            throw mismatch(name, attribute, "a string")
        }
        return value
    }

    /// A list of integers, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func ints(_ name: String) throws(GraphError) -> [Int]? {
        guard let attribute = attribute(name) else { return nil }
        switch attribute {
        case .ints(let values): return values.map { Int($0) }
        // An empty list is written without a kind by some exporters.
        case .floats(let values) where values.isEmpty: return []
        case .strings(let values) where values.isEmpty: return []
        default: throw mismatch(name, attribute, "integers")
        }
    }

    /// A list of numbers, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func floats(_ name: String) throws(GraphError) -> [Float]? {
        guard let attribute = attribute(name) else { return nil }
        switch attribute {
        case .floats(let values): return values
        case .ints(let values) where values.isEmpty: return []
        case .strings(let values) where values.isEmpty: return []
        default: throw mismatch(name, attribute, "numbers")
        }
    }

    /// A list of strings, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func strings(_ name: String) throws(GraphError) -> [String]? {
        guard let attribute = attribute(name) else { return nil }
        switch attribute {
        case .strings(let values): return values
        case .ints(let values) where values.isEmpty: return []
        case .floats(let values) where values.isEmpty: return []
        default: throw mismatch(name, attribute, "strings")
        }
    }

    /// A tensor attribute, or nil.
    ///
    /// - Throws: `GraphError` if it has another kind.
    package func tensorAttribute(_ name: String) throws(GraphError) -> Tensor? {
        guard let attribute = attribute(name) else { return nil }
        guard case .tensor(let value) = attribute else {
            throw mismatch(name, attribute, "a tensor")
        }
        return value
    }

    private func mismatch(_ name: String, _ found: GraphAttribute, _ wanted: String) -> GraphError {
        GraphError(.invalid, "attribute \(name) is \(found.kind), not \(wanted)")
    }
}
