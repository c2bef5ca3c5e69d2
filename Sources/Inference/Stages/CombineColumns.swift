/// Several branches side by side, each of some of the columns (ColumnTransformer, FeatureUnion).
public struct CombineColumns: Stage {
    public static let code: UInt16 = 71
    public static let name = "columns"

    /// The columns that a branch takes, and what happens to them; no stages pass them through.
    public struct Branch: Sendable, Equatable {
        public var columns: [Int]
        public var stages: [any Stage]

        public init(columns: [Int], stages: [any Stage]) {
            self.columns = columns
            self.stages = stages
        }

        public static func == (left: Branch, right: Branch) -> Bool {
            left.columns == right.columns && left.stages.count == right.stages.count
                && zip(left.stages, right.stages).allSatisfy { $0.isEqual(to: $1) }
        }
    }

    public var branches: [Branch]

    public init(branches: [Branch]) {
        self.branches = branches
    }

    /// The stages of the branches decide for themselves.
    public var acceptsMissing: Bool { true }

    public var trainingFacts: [ModelFact] {
        branches.flatMap { $0.stages.flatMap(\.trainingFacts) }
    }

    public func findings() -> [ModelFinding] {
        branches.flatMap { $0.stages.flatMap { $0.findings() } }
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        var count = 0
        for (index, branch) in branches.enumerated() {
            try StageCheck.indexes(branch.columns, below: inputCount, "column")
            guard branch.stages.count <= ModelLimits.stageCountMax else {
                throw .invalid("branch \(index + 1) has \(branch.stages.count) stages")
            }
            do {
                try StageCheck.columns(branch.columns.count, "its columns")
                let columns = try ModelParameters.columns(
                    of: branch.stages,
                    inputCount: branch.columns.count
                )
                count += columns[branch.stages.count]
            } catch {
                throw .invalid("branch \(index + 1): \(error.message)")
            }
        }
        return count
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(branches.count))
        for branch in branches {
            writer.put(UInt32(branch.columns.count))
            writer.put(UInt32(branch.stages.count))
            writer.put(branch.columns.map { UInt32($0) })
            // A branch that does not fit was refused before; an empty one would not open.
            var widths: [Int] = []
            do {
                widths = try ModelParameters.columns(
                    of: branch.stages,
                    inputCount: branch.columns.count
                )
            } catch { return }
            writer.put(branch.stages, columns: widths)
        }
    }

    public func reference(_ row: [Double]) -> [Double] {
        branches.flatMap { branch in
            branch.stages.reduce(branch.columns.map { row[$0] }) { $1.reference($0) }
        }
    }

    /// The stage in packed bytes; its branches are opened one after another for each use.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let branchCount: Int
        private let branches: StageReader
        /// The most columns that a branch has anywhere.
        private let widest: Int

        /// Numbers a buffer for the rows of one branch holds at most, if a row is not longer.
        static let blockValueCount = 16_384

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            let count = try reader.integer(UInt64.self)
            guard count <= UInt64(reader.remaining / 8) else {
                throw reader.corrupt("there are said to be \(count) branches")
            }
            branchCount = Int(count)
            branches = reader
            var outputs = 0
            var widest = 1
            for _ in 0..<branchCount {
                let branch = try Self.next(&reader)
                outputs += branch.chain.outputCount
                widest = max(widest, branch.chain.widest)
                guard outputs <= ModelLimits.featureCountMax else {
                    throw reader.corrupt("the branches have too many columns")
                }
            }
            outputCount = outputs
            self.widest = widest
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let block = max(1, min(rows.count, Self.blockValueCount / widest))
            let size = block &* widest
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 &* size) { memory in
                guard let base = memory.baseAddress else { return }
                do {
                    var start = 0
                    while start < rows.count {
                        let part = StageRows(
                            values: rows.values + start &* inputCount,
                            count: min(block, rows.count &- start),
                            failed: rows.failed + start
                        )
                        try apply(part, to: outputs + start &* outputCount, base, size)
                        start &+= part.count
                    }
                } catch {
                    // The bytes changed after they were checked.
                    rows.failed.update(repeating: 1, count: rows.count)
                }
            }
        }

        private func apply(
            _ rows: StageRows,
            to outputs: UnsafeMutablePointer<Double>,
            _ memory: UnsafeMutablePointer<Double>,
            _ size: Int
        ) throws(InferenceError) {
            var reader = branches
            var offset = 0
            for _ in 0..<branchCount {
                let (columns, chain) = try Self.next(&reader)
                let width = chain.outputCount
                guard offset &+ width <= outputCount, chain.widest <= widest else {
                    throw reader.corrupt("the branches changed while scoring")
                }
                for row in 0..<rows.count {
                    let input = rows.values + row &* inputCount
                    let gathered = memory + row &* chain.inputCount
                    for index in 0..<chain.inputCount {
                        gathered[index] = input[min(Int(columns[index]), inputCount &- 1)]
                    }
                }
                let result = try chain.apply(
                    StageRows(values: memory, count: rows.count, failed: rows.failed),
                    halves: (memory + size, memory + 2 &* size)
                )
                for row in 0..<rows.count {
                    (outputs + (row &* outputCount &+ offset))
                        .update(from: result + row &* width, count: width)
                }
                offset &+= width
            }
        }

        private static func next(
            _ reader: inout StageReader
        ) throws(InferenceError) -> (columns: UnsafePointer<UInt32>, chain: StageChain) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "the columns")
            let stages = try reader.count(atMost: ModelLimits.stageCountMax, "the stages")
            let columns = try reader.uint32s(count)
            return (columns, try reader.chain(count: stages, inputCount: count))
        }

        public var facts: [ModelFact] { [ModelFact("branches", "\(branchCount)")] }
    }
}

extension Stage {
    /// Whether another stage is of the same kind and has the same numbers.
    fileprivate func isEqual(to other: any Stage) -> Bool { other as? Self == self }
}
