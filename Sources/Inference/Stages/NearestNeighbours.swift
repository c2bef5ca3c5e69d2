/// The mean or the vote of the nearest training rows (KNeighborsRegressor, KNeighborsClassifier).
///
/// A regressor gives one column. A classifier gives two: the probability of the second of two
/// classes, or the largest one where there are more; and the index of the class.
public struct NearestNeighbours: Stage {
    public static let code: UInt16 = 81
    public static let name = "nearest_neighbours"

    public var points: TrainingPoints
    public var neighbourCount: Int
    /// Whether near neighbours count more: by one over their distance.
    public var isWeighted: Bool
    /// How many classes there are; 0 for a regressor.
    public var classCount: Int
    /// The value of each training row, or the index of its class.
    public var targets: [Double]

    public init(
        points: TrainingPoints,
        neighbourCount: Int,
        isWeighted: Bool,
        classCount: Int,
        targets: [Double]
    ) {
        self.points = points
        self.neighbourCount = neighbourCount
        self.isWeighted = isWeighted
        self.classCount = classCount
        self.targets = targets
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try points.check(inputCount: inputCount)
        guard neighbourCount >= 1, neighbourCount <= points.count else {
            throw .invalid("\(neighbourCount) neighbours of \(points.count) training rows")
        }
        try StageCheck.vector(targets, points.count, "targets")
        guard classCount >= 0, classCount <= ModelLimits.labelCountMax else {
            throw .invalid("there are \(classCount) classes")
        }
        guard classCount > 0 else { return 1 }
        for target in targets where !(target >= 0 && target < Double(classCount)) {
            throw .invalid("a training row has class \(target) of \(classCount)")
        }
        return 2
    }

    public func encode(into writer: inout StageWriter) {
        points.encode(into: &writer)
        writer.put(UInt32(neighbourCount))
        writer.put(UInt32(isWeighted ? 1 : 0))
        writer.put(UInt64(classCount))
        writer.put(targets)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let nearest = points.nearest(row, neighbourCount)
        let hasSame = nearest.contains { $0.distance == 0 }
        let weights = nearest.map { neighbour in
            guard isWeighted else { return 1.0 }
            guard hasSame else { return 1 / neighbour.distance }
            return neighbour.distance == 0 ? 1 : 0
        }
        let total = weights.reduce(0, +)
        guard classCount > 0 else {
            let sum = zip(nearest, weights).reduce(0) { $0 + targets[$1.0.index] * $1.1 }
            return [sum / total]
        }
        var votes = Array(repeating: 0.0, count: classCount)
        for (neighbour, weight) in zip(nearest, weights) {
            votes[Int(targets[neighbour.index])] += weight
        }
        let largest = votes.max() ?? 0
        let label = votes.firstIndex(of: largest) ?? 0
        let score = classCount == 2 ? votes[1] : largest
        return [score / votes.reduce(0, +), Double(label)]
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let points: TrainingPointsView
        private let neighbourCount: Int
        private let isWeighted: Bool
        private let classCount: Int
        private let targets: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            points = try TrainingPointsView(&reader, columnCount: inputCount)
            neighbourCount = try reader.count(atMost: points.count, "the neighbours")
            isWeighted = try reader.count(atMost: 1, "the weights") == 1
            let classes = try reader.integer(UInt64.self)
            guard neighbourCount > 0, classes <= UInt64(ModelLimits.labelCountMax) else {
                throw reader.corrupt("it has \(neighbourCount) neighbours, \(classes) classes")
            }
            classCount = Int(classes)
            outputCount = classCount == 0 ? 1 : 2
            targets = try reader.doubles(points.count)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let size = max(1, classCount)
            withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { votes in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: neighbourCount) {
                    shares in
                    guard let votes = votes.baseAddress, let shares = shares.baseAddress
                    else { return }
                    points.forEachRow(rows, neighbours: neighbourCount) { row, heap in
                        let output = outputs + row &* outputCount
                        if isWeighted { weigh(heap) }
                        if classCount == 0 {
                            output[0] = mean(heap)
                        } else {
                            vote(heap, votes, shares, output)
                        }
                    }
                }
            }
        }

        /// Replaces the reduced distances by weights, nearest first.
        private func weigh(_ heap: NeighbourHeap) {
            heap.sort()
            for index in 0..<heap.count {
                heap.distances[index] =
                    1 / points.metric.distance(reduced: heap.distances[index])
            }
            // Rows at distance 0 count alike and alone.
            guard heap.distances[0] == .infinity else { return }
            for index in 0..<heap.count {
                heap.distances[index] = heap.distances[index] == .infinity ? 1 : 0
            }
        }

        private func mean(_ heap: NeighbourHeap) -> Double {
            var (sum, total) = (0.0, 0.0)
            for index in 0..<heap.count {
                let weight = isWeighted ? heap.distances[index] : 1
                sum += targets[Int(heap.indexes[index])] * weight
                total += weight
            }
            return sum / total
        }

        /// - Source: scikit-learn, neighbors/_classification.py, KNeighborsClassifier.predict;
        ///   utils/extmath.py, weighted_mode.
        private func vote(
            _ heap: NeighbourHeap,
            _ votes: UnsafeMutablePointer<Double>,
            _ shares: UnsafeMutablePointer<Double>,
            _ output: UnsafeMutablePointer<Double>
        ) {
            votes.update(repeating: 0, count: classCount)
            for index in 0..<heap.count {
                votes[label(heap, index)] += isWeighted ? heap.distances[index] : 1
            }
            var total = 0.0
            var (largest, first) = (0.0, 0)
            for candidate in 0..<classCount {
                total += votes[candidate]
                if votes[candidate] > largest { (largest, first) = (votes[candidate], candidate) }
            }
            output[0] = (classCount == 2 ? votes[1] : largest) / total
            output[1] = Double(isWeighted ? heaviest(heap, shares) : first)
        }

        /// The class with the largest weight, summed as numpy sums so that ties fall alike.
        private func heaviest(
            _ heap: NeighbourHeap,
            _ shares: UnsafeMutablePointer<Double>
        ) -> Int {
            var (largest, result) = (0.0, 0)
            var hasResult = false
            for index in 0..<heap.count {
                let candidate = label(heap, index)
                // Each class once, where its first neighbour is.
                if (0..<index).contains(where: { label(heap, $0) == candidate }) { continue }
                for place in 0..<heap.count {
                    shares[place] =
                        label(heap, place) == candidate ? heap.distances[place] : 0
                }
                let sum = PairwiseSum.sum(shares, heap.count)
                if sum > largest || (sum == largest && hasResult && candidate < result) {
                    (largest, result, hasResult) = (sum, candidate, true)
                }
            }
            return result
        }

        /// The class of a neighbour, kept within the classes whatever the bytes say.
        private func label(_ heap: NeighbourHeap, _ index: Int) -> Int {
            let target = targets[Int(heap.indexes[index])]
            return target >= 0 && target < Double(classCount) ? Int(target) : 0
        }

        public var facts: [ModelFact] {
            [
                ModelFact("training rows", "\(points.count)"),
                ModelFact("neighbours", "\(neighbourCount)"),
            ]
        }
    }
}
