/// Arrays of more axes, and lists of arrays.
extension EstimatorAttributes {
    /// A matrix with at least one row and column.
    ///
    /// - Throws: ``SklearnError`` `.notFitted` when there is none.
    func requiredMatrix(
        _ name: StaticString
    ) throws(SklearnError) -> (values: [Double], rows: Int, columns: Int) {
        try requireFitted(name)
        guard let (values, shape) = try matrix(name), shape.rank == 2, !values.isEmpty else {
            throw .malformed("\(name) of \(label) is not a matrix of numbers")
        }
        return (values, shape.rows, shape.columns)
    }

    /// A vector of so many numbers.
    func requiredVector(_ name: StaticString, _ count: Int) throws(SklearnError) -> [Double] {
        try requireFitted(name)
        guard let values = try vector(name), values.count == count else {
            throw .malformed("\(name) of \(label) does not hold \(count) numbers")
        }
        return values
    }

    /// The numbers of an array of three axes in C order, which have to be so many.
    func cube(
        _ name: StaticString,
        _ first: Int,
        _ second: Int,
        _ third: Int
    ) throws(SklearnError) -> [Double] {
        guard let value = find(name), case .array(var array) = arena[value], array.rank == 3,
            array.rows == first, array.columns == second, first > 0, second > 0,
            array.count == first.multiplied(by: second, third)
        else {
            throw .malformed("\(name) of \(label) is not of shape \(first) x \(second) x \(third)")
        }
        guard array.count <= arena.limits.numberCount else {
            throw .limit("\(name) of \(label) has \(array.count) numbers")
        }
        let isFortran = array.isFortran
        (array.rank, array.isFortran) = (1, false)
        guard let flat = arena.numbers(array), flat.allSatisfy(\.isFinite) else {
            throw .malformed("\(name) of \(label) holds something else than finite numbers")
        }
        guard isFortran else { return flat }
        var result: [Double] = []
        result.reserveCapacity(flat.count)
        for i in 0..<first {
            for j in 0..<second {
                for k in 0..<third { result.append(flat[i + first * (j + second * k)]) }
            }
        }
        return result
    }

    /// The arrays of finite numbers of a list, tuple or object array.
    func arrays(
        _ name: StaticString,
        atMost limit: Int
    ) throws(SklearnError) -> [(values: [Double], shape: PickleArray)] {
        guard let value = find(name) else { return [] }
        var result: [(values: [Double], shape: PickleArray)] = []
        var count = 0
        for item in try objects(value, atMost: limit) {
            guard case .array(let array) = arena[item] else {
                throw .unsupported("\(name) of \(label) is not a list of arrays")
            }
            count += min(array.count, arena.limits.numberCount)
            guard count < arena.limits.numberCount else {
                throw .limit("\(name) of \(label) has more numbers than are allowed")
            }
            guard let values = arena.numbers(array), values.allSatisfy(\.isFinite) else {
                throw .malformed("\(name) of \(label) holds something else than finite numbers")
            }
            result.append((values, array))
        }
        return result
    }
}

extension Int {
    /// The product with two others, or -1 when it does not fit.
    fileprivate func multiplied(by second: Int, _ third: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: second)
        let (result, further) = product.multipliedReportingOverflow(by: third)
        return overflow || further ? -1 : result
    }
}
