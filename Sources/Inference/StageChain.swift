/// Packed stages one after another, read in place: those of a model, or of a branch inside one.
struct StageChain {
    private let base: UnsafeRawPointer
    /// Where the entries begin; from the start of the model.
    private let entries: Int
    let count: Int
    let inputCount: Int
    let outputCount: Int
    /// The most columns a row has before, between and after the stages.
    let widest: Int
    /// Where the last payload ends.
    let end: Int
    private let depth: Int
    /// The last stage if it is one: most models are, and those of one row have less work in their
    /// evaluation than in finding them by way of the registry, so they are opened once.
    let machine: SupportVectorMachine.View?

    /// The chain of one machine that was opened before.
    @inline(__always)
    init(_ base: UnsafeRawPointer, machine: SupportVectorMachine.View, entries: Int, end: Int) {
        self.base = base
        self.entries = entries
        count = 1
        inputCount = machine.columnCount
        outputCount = 1
        widest = machine.columnCount
        self.end = end
        depth = 0
        self.machine = machine
    }

    /// Opens `count` stages whose entries begin at an offset, checking each of them.
    ///
    /// - Throws: ``InferenceError`` `.corruptBlock` naming the stage.
    @inline(__always)
    init(
        _ base: UnsafeRawPointer,
        entries: Int,
        count: Int,
        limit: Int,
        inputCount: Int,
        depth: Int = 0
    ) throws(InferenceError) {
        self.depth = depth
        guard count >= 0, count <= ModelLimits.stageCountMax, entries >= 0,
            entries <= limit &- count &* BlockLayout.stageByteCount
        else { throw InferenceError(.corruptBlock, "there are said to be \(count) stages") }
        self.base = base
        self.entries = entries
        self.count = count
        self.inputCount = inputCount
        var columns = inputCount
        var widest = inputCount
        var end = entries &+ count &* BlockLayout.stageByteCount
        var machine: SupportVectorMachine.View?
        for index in 0..<count {
            let entry = Entry(base, entries &+ index &* BlockLayout.stageByteCount)
            guard entry.inputs == columns, entry.start >= UInt64(end),
                entry.start <= UInt64(limit), entry.start % 8 == 0,
                entry.byteCount <= UInt64(limit) - entry.start
            else { throw Self.broken(index) }
            if entry.code == SupportVectorMachine.code {
                machine = try Self.machine(entry.reader(depth), index, inputCount: columns)
                columns = 1
            } else {
                machine = nil
                columns = try Self.check(entry, index, depth)
            }
            guard columns == entry.outputs, (1...ModelLimits.featureCountMax).contains(columns)
            else { throw InferenceError(.corruptBlock, "stage \(index + 1) has other columns") }
            widest = max(widest, columns)
            end = BlockLayout.aligned(Int(entry.start + entry.byteCount), to: 8)
        }
        guard end <= limit else { throw InferenceError(.corruptBlock, "the stages are not whole") }
        outputCount = columns
        self.machine = machine
        self.widest = widest
        self.end = end
    }

    /// Opens a support-vector machine.
    @inline(__always)
    private static func machine(
        _ reader: StageReader,
        _ index: Int,
        inputCount: Int
    ) throws(InferenceError) -> SupportVectorMachine.View {
        do {
            var reader = reader
            let view = try SupportVectorMachine.View(&reader, inputCount: inputCount)
            try reader.expectEnd()
            return view
        } catch {
            throw broken(index, SupportVectorMachine.name, error)
        }
    }

    /// Checks a stage of any kind and gives its columns.
    private static func check(
        _ entry: Entry,
        _ index: Int,
        _ depth: Int
    ) throws(InferenceError) -> Int {
        guard let type = StageRegistry.type(code: entry.code) else { throw broken(index) }
        do {
            return try type.check(entry.reader(depth), inputCount: entry.inputs)
        } catch {
            throw broken(index, type.name, error)
        }
    }

    @inline(never)
    private static func broken(_ index: Int) -> InferenceError {
        InferenceError(.corruptBlock, "stage \(index + 1) is not whole")
    }

    @inline(never)
    private static func broken(
        _ index: Int,
        _ name: String,
        _ error: InferenceError
    ) -> InferenceError {
        InferenceError(.corruptBlock, "stage \(index + 1) (\(name)): \(error.message)")
    }

    /// Evaluates rows; `halves` are two buffers of `rows.count * widest` numbers each.
    ///
    /// The result, `[rows.count, outputCount]`, lies in one of the halves, or is the input when
    /// there are no stages.
    @inline(__always)
    func apply(
        _ rows: StageRows,
        halves: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>)
    ) throws(InferenceError) -> UnsafePointer<Double> {
        var current = rows.values
        var (next, other) = halves
        for index in 0..<count {
            let entry = Entry(base, entries &+ index &* BlockLayout.stageByteCount)
            let input = StageRows(values: current, count: rows.count, failed: rows.failed)
            input.refuse(columns: entry.inputs, acceptsMissing: entry.acceptsMissing)
            if let machine, index == count &- 1 {
                machine.apply(input, to: next)
            } else {
                guard let type = StageRegistry.type(code: entry.code) else {
                    throw InferenceError(.corruptBlock, "the stages changed while scoring")
                }
                try type.apply(entry.reader(depth), inputCount: entry.inputs, input, to: next)
            }
            current = UnsafePointer(next)
            swap(&next, &other)
        }
        return current
    }

    /// What each stage is: its name and what its numbers say.
    func descriptions() throws(InferenceError) -> [(name: String, facts: [ModelFact])] {
        var result: [(name: String, facts: [ModelFact])] = []
        for index in 0..<count {
            let entry = Entry(base, entries &+ index &* BlockLayout.stageByteCount)
            guard let type = StageRegistry.type(code: entry.code) else { continue }
            let facts = try type.facts(entry.reader(depth), inputCount: entry.inputs)
            result.append((type.name, facts))
        }
        return result
    }

    /// The directory entry of one stage.
    private struct Entry {
        let code: UInt16
        let acceptsMissing: Bool
        let inputs: Int
        let outputs: Int
        let start: UInt64
        let byteCount: UInt64
        private let base: UnsafeRawPointer

        @inline(__always)
        init(_ base: UnsafeRawPointer, _ offset: Int) {
            self.base = base
            let bytes = UnsafeRawBufferPointer(
                start: base + offset,
                count: BlockLayout.stageByteCount
            )
            code = bytes.integer(at: 0, as: UInt16.self)
            let flags = bytes.integer(at: BlockLayout.stageFlagsOffset, as: UInt16.self)
            acceptsMissing = flags & BlockLayout.acceptsMissing != 0
            inputs = Int(bytes.integer(at: BlockLayout.stageInputsOffset, as: UInt32.self))
            outputs = Int(bytes.integer(at: BlockLayout.stageOutputsOffset, as: UInt32.self))
            start = bytes.integer(at: BlockLayout.stagePayloadOffset, as: UInt64.self)
            byteCount = bytes.integer(
                at: BlockLayout.stagePayloadByteCountOffset,
                as: UInt64.self
            )
        }

        /// The payload; its range was checked when the chain was opened.
        func reader(_ depth: Int) -> StageReader {
            StageReader(base, Int(start)..<Int(start + byteCount), depth: depth)
        }
    }
}
