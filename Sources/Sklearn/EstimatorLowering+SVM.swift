internal import Inference

/// The one-class SVM.
extension EstimatorLowering {
    /// Reads what LIBSVM's decision uses: sum of dual coefficients times K, plus intercept.
    ///
    /// The private copies (`_dual_coef_`, `_intercept_`) are what scikit-learn hands to LIBSVM; the
    /// public ones are read where a version has no private copy. `n_support_` is not read: old
    /// versions wrote uninitialised memory there.
    /// - Source: scikit-learn, svm/_base.py, BaseLibSVM._dense_decision_function.
    mutating func oneClassSVM(
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) -> OneClassSVMParameters {
        let kernel = try kernel(attributes)
        try attributes.requireFitted("support_vectors_")
        try refuseSparse(attributes)
        guard let (vectors, shape) = try attributes.matrix("support_vectors_"), shape.rank == 2
        else { throw .malformed("\(attributes.label) has no matrix of support vectors") }
        try take(shape.columns, attributes)
        guard shape.rows > 0 else {
            throw .malformed("\(attributes.label) has no support vectors")
        }
        var coefficients = try attributes.matrix("_dual_coef_")
        if coefficients == nil { coefficients = try attributes.matrix("dual_coef_") }
        guard let coefficients, coefficients.values.count == shape.rows else {
            throw .malformed(
                "\(attributes.label) has no dual coefficient for each of its \(shape.rows) support "
                    + "vectors"
            )
        }
        var intercept = try attributes.number("_intercept_")
        if intercept == nil { intercept = try attributes.number("intercept_") }
        guard let intercept else { throw .malformed("\(attributes.label) has no intercept") }
        try charge(vectors.count + coefficients.values.count, attributes)
        return OneClassSVMParameters(
            kernel: kernel,
            gamma: try gamma(attributes, kernel),
            coef0: try attributes.number("coef0") ?? 0,
            degree: try degree(attributes),
            supportVectors: vectors,
            dualCoefficients: coefficients.values,
            intercept: intercept,
            nu: try attributes.number("nu"),
            trainingRowCount: try trainingRowCount(attributes, columns: shape.columns)
        )
    }

    private func kernel(_ attributes: EstimatorAttributes) throws(SklearnError) -> SVMKernel {
        guard let value = attributes.find("kernel") else {
            throw .malformed("\(attributes.label) has no kernel")
        }
        guard let slice = arena.textSlice(value) else {
            throw .unsupported(
                "\(attributes.label) has a kernel that is a \(arena[value].typeName); "
                    + "supported: linear, poly, rbf, sigmoid"
            )
        }
        switch arena.string(slice) {
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

    private func refuseSparse(_ attributes: EstimatorAttributes) throws(SklearnError) {
        var isSparse = attributes.flag("_sparse", default: false)
        if let value = attributes.find("support_vectors_"),
            case .object(let type, _) = arena[value], case .global(.sparseMatrix, _) = arena[type]
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
    private func gamma(
        _ attributes: EstimatorAttributes,
        _ kernel: SVMKernel
    ) throws(SklearnError) -> Double {
        if let gamma = try attributes.number("_gamma") { return gamma }
        if let value = attributes.find("gamma"), arena.textSlice(value) == nil,
            let gamma = try attributes.number("gamma")
        {
            return gamma
        }
        guard kernel == .linear else {
            throw .malformed("\(attributes.label) has no numeric gamma")
        }
        return 0
    }

    private func degree(_ attributes: EstimatorAttributes) throws(SklearnError) -> Int {
        let degree = try attributes.number("degree") ?? 3
        // LIBSVM keeps the degree in a C int.
        guard let count = Int32(exactly: degree), count >= 0 else {
            throw .malformed("degree \(degree) of \(attributes.label) is not a count")
        }
        return Int(count)
    }

    private func trainingRowCount(
        _ attributes: EstimatorAttributes,
        columns: Int
    ) throws(SklearnError) -> Int? {
        guard let value = attributes.find("shape_fit_"), case .tuple(let chain) = arena[value],
            case let items = try arena.items(chain, atMost: 8), items.count == 2,
            case .int(let rows) = arena[items[0]], case .int(let fitted) = arena[items[1]]
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
