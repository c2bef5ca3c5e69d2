internal import CVector

extension Forest {
    public func encode(into writer: inout StageWriter) {
        // The width is not known here; the widest column asked for is as good.
        encode(into: &writer, inputCount: columnsAsked)
    }

    /// One more than the last column that any node asks for.
    private var columnsAsked: Int {
        var largest: Int32 = 0
        for tree in trees {
            for node in tree.nodes where !node.isLeaf { largest = max(largest, node.feature) }
        }
        return Int(largest) + 1
    }

    private func encode(into writer: inout StageWriter, inputCount: Int) {
        let packing = ForestPacking(self, inputCount: inputCount)
        var isolation = IsolationScore(averagePathLength: 0, offset: 0)
        if case .isolation(let score) = link { isolation = score }
        var special: UInt32 = packing.hasMissingLeft ? 1 : 0
        if !categorySets.isEmpty { special = 2 }
        writer.put(UInt32(packing.isWide ? 1 : 0))
        writer.put(UInt32(roundsToFloat ? 1 : 0))
        writer.put(UInt32(acceptsLarge ? 1 : 0))
        writer.put(special)
        writer.put(link.code)
        writer.put(UInt32(isolation.dividesMean ? 1 : 0))
        writer.put(UInt32(trees.count))
        writer.put(UInt32(packing.maxDepth))
        writer.put(UInt32(packing.reachedCount))
        writer.put(UInt32(inputCount))
        writer.put(UInt32(base.count))
        writer.put(UInt32(valueWidth))
        writer.put(UInt64(packing.nodeCount))
        writer.put(UInt64(packing.values.count / valueWidth))
        writer.put(UInt32(packing.groups.count / ForestPacking.groupWords))
        writer.put(UInt32(categorySets.count))
        writer.put(isolation.averagePathLength)
        writer.put(isolation.offset)
        writer.put(isolation.threshold)
        writer.put(base)
        writer.put(packing.values)
        for set in categorySets {
            writer.put(set.left)
            writer.put(set.known)
        }
        writer.put(packing.groups)
        writer.align(to: BlockLayout.alignment)
        writer.put(packing.nodes)
    }

    /// The forest in packed bytes.
    public struct View: StageView {
        /// Rows walked through all trees before the next ones, so that they stay in the cache.
        private static let rowCountMax = 256
        private static let scratchCountMax = 1 << 14

        public let outputCount: Int
        let native: CVectorForest
        private let inputCount: Int
        private let link: ForestLink
        private let acceptsLarge: Bool
        private let treeCount: Int
        private let nodeCount: Int
        private let maxDepth: Int
        private let base: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let isWide = try reader.count(atMost: 1, "the node kind")
            let roundsToFloat = try reader.count(atMost: 1, "the rounding")
            acceptsLarge = try reader.count(atMost: 1, "the range") == 1
            let special = try reader.count(atMost: 2, "the special node kind")
            let linkCode = try reader.integer(UInt32.self)
            let dividesMean = try reader.count(atMost: 1, "the mean")
            treeCount = try reader.count(atMost: ForestLimits.treeCountMax, "the tree count")
            maxDepth = try reader.count(atMost: ForestLimits.nodeCountMax, "the depth")
            nodeCount = try reader.count(atMost: ForestLimits.nodeCountMax, "the node count")
            let columnCount = try reader.count(atMost: inputCount, "the columns asked for")
            let sumCount = try reader.count(atMost: ModelLimits.featureCountMax, "the sums")
            let width = try reader.count(atMost: sumCount, "the value width")
            let stored = try reader.integer(UInt64.self)
            let valueCount = try reader.integer(UInt64.self)
            let groupCount = try reader.count(
                atMost: ForestLimits.treeCountMax,
                "the group count"
            )
            let setCount = try reader.count(atMost: ForestLimits.nodeCountMax, "category sets")
            let isolation = IsolationScore(
                averagePathLength: try reader.double(),
                offset: try reader.double(),
                threshold: try reader.double(),
                dividesMean: dividesMean == 1
            )
            guard let link = ForestLink(code: linkCode, isolation: isolation) else {
                throw reader.corrupt("link \(linkCode) is not known")
            }
            guard treeCount >= 1, width >= 1, columnCount >= 1, stored <= UInt64(1 << 40),
                valueCount >= 1, valueCount <= UInt64(1 << 40),
                isWide == 1 || columnCount <= ForestPacking.narrowColumnsMax
            else { throw reader.corrupt("the forest's sizes do not fit") }
            self.inputCount = inputCount
            self.link = link
            outputCount = link.outputCount(sumCount: sumCount)
            base = try reader.doubles(sumCount)
            let values = try reader.doubles(Int(valueCount) &* width)
            let sets = try reader.uint32s(setCount &* 16)
            let groups = try reader.bytes(groupCount &* ForestPacking.groupWords &* 4)
            try reader.align(to: BlockLayout.alignment)
            let nodes = try reader.bytes(Int(stored) &* (isWide == 1 ? 16 : 8))
            native = CVectorForest(
                nodes: nodes.baseAddress,
                nodeCount: Int(stored),
                groups: groups.baseAddress?.assumingMemoryBound(to: CVectorForestGroup.self),
                groupCount: groupCount,
                values: values,
                valueCount: Int(valueCount),
                valueWidth: width,
                categorySets: sets,
                categorySetCount: setCount,
                rowStride: inputCount,
                columnCount: columnCount,
                outputCount: sumCount,
                isWide: UInt8(isWide),
                roundsToFloat: UInt8(roundsToFloat),
                specialNodes: UInt8(special)
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let sumCount = native.outputCount
            let perRow = native.columnCount + 2 + sumCount
            let chunk = max(1, min(rows.count, Self.rowCountMax, Self.scratchCountMax / perRow))
            withUnsafeTemporaryAllocation(
                of: Double.self,
                capacity: cvector_forest_scratch(chunk, native.columnCount) + chunk * sumCount
            ) { memory in
                guard let sums = memory.baseAddress else { return }
                var start = 0
                while start < rows.count {
                    let count = min(chunk, rows.count - start)
                    score(rows, start, count, sums: sums, scratch: sums + chunk * sumCount)
                    for row in 0..<count {
                        link.apply(
                            sums + row * sumCount,
                            sumCount: sumCount,
                            treeCount: treeCount,
                            to: outputs + (start + row) * outputCount
                        )
                    }
                    start += count
                }
            }
        }

        /// Adds up the trees for some of the rows.
        private func score(
            _ rows: StageRows,
            _ start: Int,
            _ count: Int,
            sums: UnsafeMutablePointer<Double>,
            scratch: UnsafeMutablePointer<Double>
        ) {
            let sumCount = native.outputCount
            for row in 0..<count {
                for column in 0..<sumCount { sums[row * sumCount + column] = base[column] }
            }
            let values = rows.values + start * inputCount
            withUnsafePointer(to: native) {
                cvector_forest_add($0, values, count, scratch, sums)
            }
            // The columns that no node asks for count as well, as scikit-learn checks all.
            guard native.roundsToFloat == 1, !acceptsLarge else { return }
            for row in 0..<count {
                let row = start + row
                for column in 0..<inputCount {
                    let value = rows.values[row * inputCount + column]
                    if Float(value).isInfinite { rows.failed[row] = 1 }
                }
            }
        }

        public var facts: [ModelFact] {
            [
                ModelFact("trees", "\(treeCount)"),
                ModelFact("nodes", "\(nodeCount)"),
                ModelFact("max_depth", "\(maxDepth)"),
            ]
        }
    }
}
