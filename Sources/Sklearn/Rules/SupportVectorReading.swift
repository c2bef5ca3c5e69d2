internal import Inference

/// What all of scikit-learn's LIBSVM estimators keep alike.
struct SupportVectorReading {
    let kernel: SVMKernel
    let gamma: Double
    let coef0: Double
    let degree: Int
    /// Shape `[count, columns]`.
    let vectors: [Double]
    let count: Int
    let columns: Int
    /// As LIBSVM holds them: `[classes - 1, count]`, or `count` of a machine with one decision.
    let coefficients: [Double]
    let intercepts: [Double]
    /// Rows the machine was fitted on, when the file says so.
    let trainingRowCount: Int?

    /// Reads what LIBSVM's decision uses.
    ///
    /// The private copies (`_dual_coef_`, `_intercept_`) are what scikit-learn hands to LIBSVM; the
    /// public ones are read where a version has no private copy.
    /// - Source: scikit-learn, svm/_base.py, BaseLibSVM._dense_decision_function.
    init(
        _ attributes: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        kernel = try Self.kernel(attributes)
        try attributes.requireFitted("support_vectors_")
        try Self.refuseSparse(attributes)
        guard let (vectors, shape) = try attributes.matrix("support_vectors_"), shape.rank == 2
        else { throw .malformed("\(attributes.label) has no matrix of support vectors") }
        try model.take(shape.columns, attributes)
        guard shape.rows > 0 else {
            throw .malformed("\(attributes.label) has no support vectors")
        }
        (self.vectors, count, columns) = (vectors, shape.rows, shape.columns)
        var coefficients = try attributes.matrix("_dual_coef_")
        if coefficients == nil { coefficients = try attributes.matrix("dual_coef_") }
        guard let coefficients, !coefficients.values.isEmpty,
            coefficients.values.count.isMultiple(of: shape.rows)
        else {
            throw .malformed(
                "\(attributes.label) has no dual coefficient for each of its \(shape.rows) support "
                    + "vectors"
            )
        }
        self.coefficients = coefficients.values
        var intercepts = try Self.numbers("_intercept_", attributes)
        if intercepts.isEmpty { intercepts = try Self.numbers("intercept_", attributes) }
        guard !intercepts.isEmpty else { throw .malformed("\(attributes.label) has no intercept") }
        self.intercepts = intercepts
        gamma = try Self.gamma(attributes, kernel)
        coef0 = try attributes.number("coef0") ?? 0
        degree = try Self.degree(attributes)
        trainingRowCount = try Self.trainingRowCount(attributes, columns: shape.columns)
        let total = vectors.count + coefficients.values.count + intercepts.count
        try model.charge(total, attributes)
    }

    /// The machine of one decision; its sign may be turned around.
    ///
    /// - Throws: ``SklearnError`` when the numbers are those of several decisions.
    func machine(
        _ attributes: EstimatorAttributes,
        sign: Double = 1,
        nu: Double? = nil,
        isOneClass: Bool = false
    ) throws(SklearnError) -> SupportVectorMachine {
        guard coefficients.count == count else {
            throw .malformed(
                "\(attributes.label) has no dual coefficient for each of its \(count) support "
                    + "vectors"
            )
        }
        guard intercepts.count == 1 else {
            throw .malformed(
                "\(attributes.label) has \(intercepts.count) intercepts for 1 decision"
            )
        }
        return SupportVectorMachine(
            kernel: kernel,
            gamma: gamma,
            coef0: coef0,
            degree: degree,
            supportVectors: vectors,
            dualCoefficients: sign == 1 ? coefficients : coefficients.map { $0 * sign },
            intercept: intercepts[0] * sign,
            nu: nu,
            trainingRowCount: isOneClass ? trainingRowCount : nil,
            isOneClass: isOneClass
        )
    }

    private static func numbers(
        _ name: StaticString,
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) -> [Double] {
        if let value = attributes.find(name), case .array = attributes.arena[value] {
            return try attributes.matrix(name)?.values ?? []
        }
        return try attributes.number(name).map { [$0] } ?? []
    }

    private static func kernel(_ attributes: EstimatorAttributes) throws(SklearnError) -> SVMKernel
    {
        guard let value = attributes.find("kernel") else {
            throw .malformed("\(attributes.label) has no kernel")
        }
        guard let slice = attributes.arena.textSlice(value) else {
            throw .unsupported(
                "\(attributes.label) has a kernel that is a \(attributes.arena[value].typeName); "
                    + "supported: linear, poly, rbf, sigmoid"
            )
        }
        switch attributes.arena.string(slice) {
        case "linear": return .linear
        case "poly": return .polynomial
        case "rbf": return .rbf
        case "sigmoid": return .sigmoid
        case let other:
            throw .unsupported(
                "\(attributes.label) has the kernel \"\(printable(other))\"; "
                    + "supported: linear, poly, rbf, sigmoid"
            )
        }
    }

    private static func refuseSparse(_ attributes: EstimatorAttributes) throws(SklearnError) {
        var isSparse = attributes.flag("_sparse", default: false)
        if let value = attributes.find("support_vectors_"),
            case .object(let type, _, _) = attributes.arena[value],
            case .global(.sparseMatrix, _) = attributes.arena[type]
        {
            isSparse = true
        }
        guard !isSparse else {
            throw .unsupported(
                "\(attributes.label) was fitted on a sparse matrix; fit it on a dense array"
            )
        }
    }

    /// The number behind "scale" and "auto" is in `_gamma`.
    private static func gamma(
        _ attributes: EstimatorAttributes,
        _ kernel: SVMKernel
    ) throws(SklearnError) -> Double {
        if let gamma = try attributes.number("_gamma") { return gamma }
        if let value = attributes.find("gamma"), attributes.arena.textSlice(value) == nil,
            let gamma = try attributes.number("gamma")
        {
            return gamma
        }
        guard kernel == .linear else {
            throw .malformed("\(attributes.label) has no numeric gamma")
        }
        return 0
    }

    private static func degree(_ attributes: EstimatorAttributes) throws(SklearnError) -> Int {
        let degree = try attributes.number("degree") ?? 3
        // LIBSVM keeps the degree in a C int.
        guard let count = Int32(exactly: degree), count >= 0 else {
            throw .malformed("degree \(degree) of \(attributes.label) is not a count")
        }
        return Int(count)
    }

    private static func trainingRowCount(
        _ attributes: EstimatorAttributes,
        columns: Int
    ) throws(SklearnError) -> Int? {
        guard let value = attributes.find("shape_fit_"),
            case .tuple(let chain) = attributes.arena[value],
            case let items = try attributes.arena.items(chain, atMost: 8), items.count == 2,
            case .int(let rows) = attributes.arena[items[0]],
            case .int(let fitted) = attributes.arena[items[1]]
        else { return nil }
        guard fitted == columns, rows >= 0 else {
            throw .malformed(
                "\(attributes.label) was fitted on \(fitted) columns, but its support vectors have "
                    + "\(columns)"
            )
        }
        return rows
    }
}
