internal import CVector

/// Distances to centres: all of them, or the smallest and the index of its centre (k-means).
///
/// Distances come from plain differences. Where two centres are as near as rounding tells, the
/// label is that of scikit-learn's own form, `|c|^2 - 2 c x`.
public struct Centroids: Stage {
    public static let code: UInt16 = 36
    public static let name = "centroids"
    /// Squared distances that differ by less than this share of the squares they are made of.
    static let nearTie = 1e-13

    /// Shape `[count, columns]`, row-major.
    public var centers: [Double]
    public var count: Int
    /// Whether two columns come out, the smallest distance and the index, instead of all.
    public var isNearestOnly: Bool

    public init(centers: [Double], count: Int, isNearestOnly: Bool) {
        self.centers = centers
        self.count = count
        self.isNearestOnly = isNearestOnly
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(count, "centre count")
        let size = try StageCheck.product(count, inputCount)
        try StageCheck.vector(centers, size, "centres")
        return isNearestOnly ? 2 : count
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(count))
        writer.put(UInt32(isNearestOnly ? 1 : 0))
        writer.put(norms())
        writer.put(centers)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let columns = row.count
        let squares = (0..<count).map { index in
            (0..<columns).reduce(0.0) { sum, column in
                let difference = row[column] - centers[index * columns + column]
                return sum.addingProduct(difference, difference)
            }
        }
        guard isNearestOnly else { return squares.map { $0.squareRoot() } }
        let norms = norms()
        let smallest = squares.reduce(.infinity) { $0 < $1 ? $0 : $1 }
        let values = (0..<count).map { index in
            let center = centers[(index * columns)..<((index + 1) * columns)]
            return norms[index] - 2 * LinearScratch.dot(row, center)
        }
        var label = 0
        for index in 0..<count where values[index] < values[label] { label = index }
        return [smallest.squareRoot(), Double(label)]
    }

    /// Squared norms in the order of numpy's einsum: pairs of columns, eight columns from behind.
    ///
    /// - Source: numpy, einsum_sumprod.c.src, contig_contig_outstride0_two.
    private func norms() -> [Double] {
        let columns = centers.count / max(1, count)
        return (0..<count).map { index in
            let center = Array(centers[(index * columns)..<((index + 1) * columns)])
            var (even, odd) = (0.0, 0.0)
            func add(_ column: Int) {
                even += center[column] * center[column]
                if column + 1 < columns { odd += center[column + 1] * center[column + 1] }
            }
            let whole = columns / 8 * 8
            for start in stride(from: 0, to: whole, by: 8) {
                for column in [6, 4, 2, 0] { add(start + column) }
            }
            for column in stride(from: whole, to: columns, by: 2) { add(column) }
            return even + odd
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { isNearestOnly ? 2 : count }
        private let isNearestOnly: Bool
        private let count: Int
        private let columns: Int
        private let norms: UnsafePointer<Double>
        private let centers: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            count = try reader.count(atMost: ModelLimits.featureCountMax, "centre count")
            isNearestOnly = try reader.count(atMost: 1, "mode") == 1
            guard count > 0 else { throw reader.corrupt("there are no centres") }
            columns = inputCount
            norms = try reader.doubles(count)
            centers = try reader.doubles(count * inputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            guard isNearestOnly else {
                squares(rows.values, rows.count, to: outputs)
                for index in 0..<(rows.count &* count) {
                    outputs[index] = outputs[index].squareRoot()
                }
                return
            }
            let step = max(8, min(64, 4_096 / count))
            withUnsafeTemporaryAllocation(of: Double.self, capacity: step * count) { memory in
                guard let distances = memory.baseAddress else { return }
                for start in stride(from: 0, to: rows.count, by: step) {
                    let values = rows.values + start &* columns
                    let part = min(step, rows.count &- start)
                    squares(values, part, to: distances)
                    for row in 0..<part {
                        let output = outputs + (start &+ row) &* 2
                        choose(distances + row &* count, values + row &* columns, to: output)
                    }
                }
            }
        }

        public var facts: [ModelFact] { [ModelFact("clusters", "\(count)")] }

        private func squares(
            _ rows: UnsafePointer<Double>,
            _ rowCount: Int,
            to outputs: UnsafeMutablePointer<Double>
        ) {
            let native = CVectorGaussians(
                means: centers,
                factors: nil,
                constants: nil,
                columnCount: columns,
                componentCount: count,
                rank: 0,
                form: UInt32(CVECTOR_DISTANCE)
            )
            LinearScratch.with(2 * columns) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_gaussians_as(
                        cvector_best_form(),
                        $0,
                        rows,
                        rowCount,
                        scratch,
                        outputs
                    )
                }
            }
        }

        /// The smallest distance and the label of one row.
        private func choose(
            _ squares: UnsafePointer<Double>,
            _ row: UnsafePointer<Double>,
            to output: UnsafeMutablePointer<Double>
        ) {
            var label = 0
            var (best, second) = (squares[0], Double.infinity)
            for index in 1..<max(1, count) {
                let value = squares[index]
                if value < best {
                    (second, best, label) = (best, value, index)
                } else if value < second {
                    second = value
                }
            }
            output[0] = best.squareRoot()
            // |x|^2 is at most twice the sum of |c|^2 and the squared distance to c.
            let size = 2 * norms[label] + 3 * best
            // Written so that what is no number takes this branch too.
            if !(second - best > Centroids.nearTie * Double(columns + 1) * size) {
                label = labelByNorms(row)
            }
            output[1] = Double(label)
        }

        private func labelByNorms(_ row: UnsafePointer<Double>) -> Int {
            var (best, label) = (Double.infinity, 0)
            for index in 0..<count {
                let center = centers + index &* columns
                var product = 0.0
                for column in 0..<columns {
                    product = product.addingProduct(row[column], center[column])
                }
                let value = norms[index] - 2 * product
                if value < best { (best, label) = (value, index) }
            }
            return label
        }
    }
}
