/// Picks positions of the last axis.
enum ArrayFeatureExtractorOperator: MLOperator {
    static let name = "ArrayFeatureExtractor"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let positions = try call.tensor(1).integers()
        let width = input.rank == 0 ? 1 : input.shape[input.rank - 1]
        for position in positions where position < 0 || position >= width {
            throw GraphError(.shape, "position \(position) of \(width)")
        }
        guard !positions.isEmpty else { throw GraphError(.shape, "there are no positions") }
        // A vector gives a matrix of one row.
        var shape = input.rank <= 1 ? [1] : Array(input.shape.dropLast())
        shape.append(positions.count)
        _ = try call.count(of: shape)
        let pick = Pick(positions: positions, width: width)
        return [.tensor(try Tensor(shape: shape, try input.storage.applying(pick)))]
    }

    private struct Pick: StorageTransform {
        let positions: [Int]
        let width: Int

        func callAsFunction<E: TensorElement>(_ values: [E]) throws(GraphError) -> [E] {
            var picked: [E] = []
            guard width > 0 else { return picked }
            picked.reserveCapacity(values.count / width * positions.count)
            for row in 0..<values.count / width {
                for position in positions { picked.append(values[row * width + position]) }
            }
            return picked
        }
    }
}

/// Puts the columns of several inputs side by side, each cut or filled with 0 to its stated width.
enum FeatureVectorizerOperator: MLOperator {
    static let name = "FeatureVectorizer"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let inputs = try call.tensors()
        let stated = try call.ints("inputdimensions") ?? []
        var parts: [(values: [Float], own: Int, width: Int)] = []
        var rows = 0
        var total = 0
        for (index, input) in inputs.enumerated() {
            guard input.rank == 1 || input.rank == 2 else {
                throw GraphError(.shape, "input \(index) has the rank \(input.rank), not 1 or 2")
            }
            let own = input.rank == 1 ? 1 : input.shape[1]
            let width = index < stated.count ? stated[index] : own
            guard index == 0 || input.shape[0] == rows else {
                throw GraphError(.shape, "input \(index) has \(input.shape[0]) rows, not \(rows)")
            }
            rows = input.shape[0]
            let (sum, overflow) = total.addingReportingOverflow(width)
            guard width >= 0, !overflow else {
                throw GraphError(.invalid, "attribute inputdimensions has \(width)")
            }
            total = sum
            parts.append((try input.floats(), own, width))
        }
        var results: [Float] = []
        results.reserveCapacity(try call.count(of: [rows, total]))
        for row in 0..<rows {
            for part in parts {
                for column in 0..<part.width {
                    results.append(
                        column < part.own ? part.values[row * part.own + column] : 0
                    )
                }
            }
        }
        return [.tensor(try Tensor(shape: [rows, total], .float(results)))]
    }
}
