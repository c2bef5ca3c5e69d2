/// The bin of each value, as a number or as one column of 0 and 1 a bin (KBinsDiscretizer).
public struct Discretize: Stage {
    public static let code: UInt16 = 73
    public static let name = "discretize"

    /// For each column the edges between its bins, ascending; one edge less than bins.
    public var edges: [[Double]]
    /// Whether each bin gets a column.
    public var isOneHot: Bool
    /// What is added to a value before it is compared: `absolute + relative x |value|`.
    ///
    /// scikit-learn before 0.24 did so against rounding; both are 0 since.
    public var nudge: (absolute: Double, relative: Double)

    public init(
        edges: [[Double]],
        isOneHot: Bool,
        nudge: (absolute: Double, relative: Double) = (0, 0)
    ) {
        self.edges = edges
        self.isOneHot = isOneHot
        self.nudge = nudge
    }

    public static func == (left: Discretize, right: Discretize) -> Bool {
        left.edges == right.edges && left.isOneHot == right.isOneHot && left.nudge == right.nudge
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard edges.count == inputCount else {
            throw .invalid("\(edges.count) columns have bins where \(inputCount) come in")
        }
        var count = 0
        for (column, values) in edges.enumerated() {
            try StageCheck.vector(values, values.count, "the edges of column \(column)")
            count += values.count + 1
        }
        try StageCheck.finite(nudge.absolute, "the absolute nudge")
        try StageCheck.finite(nudge.relative, "the relative nudge")
        return isOneHot ? count : inputCount
    }

    public func encode(into writer: inout StageWriter) {
        let total = edges.reduce(0) { $0 + $1.count }
        writer.put(UInt32(isOneHot ? 1 : 0))
        writer.put(UInt32(total))
        writer.put(nudge.absolute)
        writer.put(nudge.relative)
        writer.put(edges.flatMap { $0 })
        var end: UInt32 = 0
        for values in edges {
            end += UInt32(values.count)
            writer.put(end)
        }
    }

    public func reference(_ row: [Double]) -> [Double] {
        var result: [Double] = []
        for (value, edges) in zip(row, edges) {
            let moved = value + (nudge.absolute + nudge.relative * abs(value))
            let bin = edges.count { $0 <= moved }
            if isOneHot {
                result += (0...edges.count).map { $0 == bin ? 1 : 0 }
            } else {
                result.append(Double(bin))
            }
        }
        return result
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let isOneHot: Bool
        private let absolute: Double
        private let relative: Double
        private let edgeCount: Int
        private let edges: UnsafePointer<Double>
        /// Where the edges of each column end.
        private let ends: UnsafePointer<UInt32>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            isOneHot = try reader.count(atMost: 1, "the flag") == 1
            edgeCount = try reader.count(atMost: ModelLimits.featureCountMax, "the edges")
            outputCount = isOneHot ? edgeCount + inputCount : inputCount
            absolute = try reader.finite("the absolute nudge")
            relative = try reader.finite("the relative nudge")
            edges = try reader.doubles(edgeCount)
            ends = try reader.uint32s(inputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* inputCount
                let output = outputs + row &* outputCount
                if isOneHot { output.update(repeating: 0, count: outputCount) }
                var start = 0
                for column in 0..<inputCount {
                    let end = min(max(Int(ends[column]), start), edgeCount)
                    let value = input[column]
                    let moved = value + (absolute + relative * abs(value))
                    var bin = 0
                    for index in start..<end where edges[index] <= moved { bin &+= 1 }
                    if isOneHot {
                        output[start &+ column &+ bin] = 1
                    } else {
                        output[column] = Double(bin)
                    }
                    start = end
                }
            }
        }
    }
}
