/// The trees of an ONNX graph: 32-bit numbers, every mode of comparison, classes or scores.
///
/// Scores come in columns; a classifier's first column is the class.
public struct FloatForest: Stage {
    public static let code: UInt16 = 97
    public static let name = "float_trees"

    var table: ForestTable

    init(_ table: ForestTable) { self.table = table }

    /// A node decides where missing values go.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard table.featureCount <= inputCount else {
            throw .invalid("a node reads column \(table.featureCount - 1) of \(inputCount)")
        }
        let count = table.keys.count
        guard count == table.values.count, count == table.links.count, count <= 1 << 30,
            table.voteTargets.count == table.voteWeights.count
        else { throw .invalid("the trees have \(count) nodes") }
        try StageCheck.vector(table.base, table.base.count, "base values")
        return table.outputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(table.aggregate.rawValue))
        writer.put(UInt32(table.kind.rawValue))
        writer.put(UInt32(MLTransform.allCases.firstIndex(of: table.transform) ?? 0))
        writer.put(UInt32((table.isFloat ? 1 : 0) | (table.roundsInput ? 2 : 0)))
        writer.put(UInt32(table.targetCount))
        writer.put(UInt32(table.target))
        writer.put(UInt32(table.base.count))
        writer.put(UInt32(table.roots.count))
        writer.put(UInt32(table.keys.count))
        writer.put(UInt32(table.voteTargets.count))
        writer.put(UInt32(table.members.count))
        writer.put(UInt32(0))
        writer.put(table.base)
        writer.put(table.values)
        writer.put(table.voteWeights)
        writer.put(table.members)
        writer.put(table.roots)
        writer.put(table.keys)
        writer.put(table.links)
        writer.put(table.voteTargets)
    }

    public func reference(_ row: [Double]) -> [Double] {
        var output = [Double](repeating: 0, count: table.outputCount)
        table.withView { view in
            row.withUnsafeBufferPointer { row in
                output.withUnsafeMutableBufferPointer { output in
                    guard let row = row.baseAddress, let result = output.baseAddress else { return }
                    view.evaluate(row, count: 1, columns: table.featureCount, to: result) { _ in }
                }
            }
        }
        return output
    }

    public func findings() -> [ModelFinding] {
        let single = table.roots.filter {
            table.keys[Int($0)] & 7 == ForestTable.Mode.leaf.rawValue
        }.count
        guard single > 0 else { return [] }
        let share = "\(single) of \(table.roots.count) trees"
        return [
            ModelFinding(
                .warning,
                code: "single_leaf_trees",
                "\(share) are a single leaf"
            )
        ]
    }

    /// The trees in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let columns: Int
        private let forest: ForestView

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            columns = inputCount
            let aggregate = try reader.count(atMost: 3, "aggregate")
            let kind = try reader.count(atMost: 3, "kind")
            let transform = try reader.count(
                atMost: MLTransform.allCases.count - 1,
                "transform"
            )
            let flags = try reader.count(atMost: 3, "flags")
            var table = ForestTable()
            table.aggregate = ForestTable.Aggregate(rawValue: UInt8(aggregate)) ?? .sum
            table.kind = ForestTable.Kind(rawValue: UInt8(kind)) ?? .scores
            table.transform = MLTransform.allCases[transform]
            table.isFloat = flags & 1 != 0
            table.roundsInput = flags & 2 != 0
            table.targetCount = try reader.count(
                atMost: ModelLimits.featureCountMax,
                "target count"
            )
            table.target = try reader.count(atMost: ModelLimits.featureCountMax, "target")
            let baseCount = try reader.count(atMost: Int(UInt32.max), "base count")
            let rootCount = try reader.count(atMost: Int(UInt32.max), "tree count")
            let nodeCount = try reader.count(atMost: Int(UInt32.max), "node count")
            let voteCount = try reader.count(atMost: Int(UInt32.max), "vote count")
            let memberCount = try reader.count(atMost: Int(UInt32.max), "member count")
            _ = try reader.integer(UInt32.self)
            guard table.targetCount >= 1 else { throw reader.corrupt("there are no targets") }
            outputCount = table.outputCount
            let base = try reader.doubles(baseCount)
            let values = try reader.doubles(nodeCount)
            let weights = try reader.doubles(voteCount)
            let members = try reader.doubles(memberCount)
            let roots = try reader.uint32s(rootCount)
            let keys = try reader.uint32s(nodeCount)
            let links = try reader.uint32s(nodeCount)
            let targets = try reader.uint32s(voteCount)
            forest = ForestView(
                settings: ForestSettings(table),
                base: UnsafeBufferPointer(start: base, count: baseCount),
                roots: UnsafeBufferPointer(start: roots, count: rootCount),
                values: UnsafeBufferPointer(start: values, count: nodeCount),
                keys: UnsafeBufferPointer(start: keys, count: nodeCount),
                links: UnsafeBufferPointer(start: links, count: nodeCount),
                voteTargets: UnsafeBufferPointer(start: targets, count: voteCount),
                voteWeights: UnsafeBufferPointer(start: weights, count: voteCount),
                members: UnsafeBufferPointer(start: members, count: memberCount)
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            forest.evaluate(rows.values, count: rows.count, columns: columns, to: outputs) {
                rows.failed[$0] = 1
            }
        }

        public var facts: [ModelFact] {
            [
                ModelFact("trees", "\(forest.roots.count)"),
                ModelFact("nodes", "\(forest.keys.count)"),
            ]
        }
    }
}
