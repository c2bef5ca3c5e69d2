/// The support vectors and the kernel that both SVM operators share.
struct SVMKernelValues {
    let kind: SVMKernel
    private let gamma: Double
    private let coef0: Double
    private let degree: Double
    /// Shape: vectors x columns.
    private let vectors: [Double]
    let vectorCount: Int
    private let columns: Int

    /// The kernel of a node whose vectors have so many columns.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    init(_ call: OperatorCall, vectorCount: Int, columns: Int) throws(GraphError) {
        kind = vectorCount == 0 ? .linear : try Self.kind(call)
        let parameters = try call.floats("kernel_params") ?? []
        guard parameters.isEmpty || parameters.count == 3 else {
            throw GraphError(.invalid, "attribute kernel_params has \(parameters.count) numbers")
        }
        gamma = parameters.isEmpty ? 0 : Double(parameters[0])
        coef0 = parameters.isEmpty ? 0 : Double(parameters[1])
        degree = parameters.isEmpty ? 0 : Double(parameters[2])
        let values = vectorCount == 0 ? [] : try call.floats("support_vectors") ?? []
        let (size, overflow) = vectorCount.multipliedReportingOverflow(by: columns)
        guard vectorCount >= 0, !overflow, values.count == size else {
            throw GraphError(
                .shape,
                "attribute support_vectors has \(values.count) numbers for \(vectorCount) vectors "
                    + "of \(columns) columns"
            )
        }
        vectors = values.map { Double($0) }
        self.vectorCount = vectorCount
        self.columns = columns
    }

    /// The kernel that a node names.
    ///
    /// - Throws: `GraphError` for a kernel the standard does not have.
    static func kind(_ call: OperatorCall) throws(GraphError) -> SVMKernel {
        switch try call.string("kernel_type") ?? "LINEAR" {
        case "LINEAR": return .linear
        case "POLY": return .polynomial
        case "RBF": return .rbf
        case "SIGMOID": return .sigmoid
        case let other: throw GraphError(.invalid, "attribute kernel_type is '\(other)'")
        }
    }

    /// Writes the kernel of one row with every vector.
    func evaluate(_ row: ArraySlice<Double>, into kernels: inout [Double]) {
        row.withUnsafeBufferPointer { row in
            vectors.withUnsafeBufferPointer { vectors in
                for vector in 0..<vectorCount {
                    let first = vector * columns
                    var sum = 0.0
                    if kind == .rbf {
                        for column in 0..<columns {
                            let difference = row[column] - vectors[first + column]
                            sum += difference * difference
                        }
                    } else {
                        for column in 0..<columns { sum += row[column] * vectors[first + column] }
                    }
                    kernels[vector] = value(of: sum)
                }
            }
        }
    }

    /// The scalar product of one row with coefficients, the liblinear form.
    static func dot(_ row: ArraySlice<Double>, _ coefficients: ArraySlice<Double>) -> Double {
        var sum = 0.0
        for (x, coefficient) in zip(row, coefficients) { sum += x * coefficient }
        return sum
    }

    private func value(of sum: Double) -> Double {
        switch kind {
        case .linear: sum
        case .rbf: (-gamma * sum).exponential()
        case .sigmoid: (gamma * sum + coef0).hyperbolicTangent()
        case .polynomial: (gamma * sum + coef0).raised(to: degree)
        }
    }
}
