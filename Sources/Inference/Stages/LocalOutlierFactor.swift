/// How much thinner the neighbourhood of a row is than those of its neighbours.
///
/// The negative factor minus the offset: below 0 is an anomaly (LocalOutlierFactor with
/// novelty=True).
public struct LocalOutlierFactor: Stage {
    public static let code: UInt16 = 80
    public static let name = "local_outlier_factor"

    public var points: TrainingPoints
    public var neighbourCount: Int
    public var offset: Double
    /// The local reachability density of each training row, and the distance of its last neighbour.
    public var densities: [Double]
    public var reaches: [Double]

    public init(
        points: TrainingPoints,
        neighbourCount: Int,
        offset: Double,
        densities: [Double],
        reaches: [Double]
    ) {
        self.points = points
        self.neighbourCount = neighbourCount
        self.offset = offset
        self.densities = densities
        self.reaches = reaches
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try points.check(inputCount: inputCount)
        guard neighbourCount >= 1, neighbourCount <= points.count else {
            throw .invalid("\(neighbourCount) neighbours of \(points.count) training rows")
        }
        try StageCheck.finite(offset, "offset")
        try StageCheck.vector(densities, points.count, "densities")
        try StageCheck.vector(reaches, points.count, "reaches")
        return 1
    }

    public func encode(into writer: inout StageWriter) {
        points.encode(into: &writer)
        writer.put(UInt64(neighbourCount))
        writer.put(offset)
        writer.put(densities)
        writer.put(reaches)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let nearest = points.nearest(row, neighbourCount)
        let count = Double(neighbourCount)
        let reach = nearest.reduce(0) { $0 + max($1.distance, reaches[$1.index]) } / count
        let density = 1 / (reach + 1e-10)
        let ratio = nearest.reduce(0) { $0 + densities[$1.index] / density } / count
        return [-ratio - offset]
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount = 1
        private let points: TrainingPointsView
        private let neighbourCount: Int
        private let offset: Double
        private let densities: UnsafePointer<Double>
        private let reaches: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            points = try TrainingPointsView(&reader, columnCount: inputCount)
            let count = try reader.integer(UInt64.self)
            guard count >= 1, count <= UInt64(points.count) else {
                throw reader.corrupt("it has \(count) neighbours of \(points.count) rows")
            }
            neighbourCount = Int(count)
            offset = try reader.finite("the offset")
            densities = try reader.doubles(points.count)
            reaches = try reader.doubles(points.count)
        }

        /// - Source: scikit-learn, neighbors/_lof.py, LocalOutlierFactor.score_samples.
        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            points.forEachRow(rows, neighbours: neighbourCount) { row, heap in
                var reach = 0.0
                for index in 0..<heap.count {
                    let point = Int(heap.indexes[index])
                    let distance = points.metric.distance(reduced: heap.distances[index])
                    reach += max(distance, reaches[point])
                }
                // The small number keeps the density of equal rows finite.
                let density = 1 / (reach / Double(heap.count) + 1e-10)
                var ratio = 0.0
                for index in 0..<heap.count {
                    ratio += densities[Int(heap.indexes[index])] / density
                }
                outputs[row] = -(ratio / Double(heap.count)) - offset
            }
        }

        public var facts: [ModelFact] {
            [
                ModelFact("training rows", "\(points.count)"),
                ModelFact("neighbours", "\(neighbourCount)"),
            ]
        }
    }
}
