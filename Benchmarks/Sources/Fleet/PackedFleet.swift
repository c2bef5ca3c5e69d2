import Inference

/// Packed models one behind the other, as in a pack, and a window of rows for each.
public final class PackedFleet {
    /// One model and its rows.
    private struct Task {
        let model: UnsafeRawBufferPointer
        let rows: UnsafeBufferPointer<Double>
    }

    public let count: Int
    public let vectorCount: Int
    public let rowCount: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let rows: UnsafeMutableBufferPointer<Double>
    private let tasks: [Task]

    /// Packs machines and makes `rowCount` rows near the support vectors of each.
    public init(_ machines: [MachineParameters], rowCount: Int, isScaled: Bool = false) throws {
        var random = SeededGenerator(seed: 1)
        var bytes: [UInt8] = []
        var values: [Double] = []
        var models: [Range<Int>] = []
        var windows: [Range<Int>] = []
        for machine in machines {
            let (model, window) = (bytes.count, values.count)
            bytes += try machine.encoded(isScaled: isScaled)
            models.append(model..<bytes.count)
            values += machine.rows(rowCount, using: &random)
            windows.append(window..<values.count)
        }
        count = machines.count
        vectorCount = machines.reduce(0) { $0 + $1.coefficients.count }
        self.rowCount = rowCount
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        memory.copyBytes(from: bytes)
        let rows = UnsafeMutableBufferPointer<Double>.allocate(capacity: values.count)
        _ = rows.initialize(from: values)
        tasks = zip(models, windows).map { model, window in
            Task(
                model: UnsafeRawBufferPointer(rebasing: memory[model]),
                rows: UnsafeBufferPointer(rebasing: rows[window])
            )
        }
        self.memory = memory
        self.rows = rows
    }

    deinit {
        memory.deallocate()
        rows.deallocate()
    }

    /// Kernel values of one pass over all rows of all models.
    public var kernelCount: Int { vectorCount * rowCount }
    public var byteCount: Int { memory.count }

    /// Opens every model where its bytes are and scores its rows; gives the first scores' sum.
    public func pass() throws -> Double {
        var scratch = ScoringScratch()
        let scores = UnsafeMutableBufferPointer<Double>.allocate(capacity: rowCount)
        let anomalies = UnsafeMutableBufferPointer<Int8>.allocate(capacity: rowCount)
        defer {
            scores.deallocate()
            anomalies.deallocate()
        }
        let rowCount = rowCount
        var sum = 0.0
        for task in tasks {
            try ModelView(validating: task.model).score(
                rows: task.rows,
                rowCount: rowCount,
                scratch: &scratch,
                scores: scores,
                anomalies: anomalies
            )
            sum += scores[0]
        }
        return sum
    }

    /// Only opens every model; the result keeps the work from being left out.
    public func openAll() throws -> Int {
        var features = 0
        for task in tasks { features += try ModelView(validating: task.model).featureCount }
        return features
    }
}
