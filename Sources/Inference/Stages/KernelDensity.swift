#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The logarithm of the density that kernels around the training rows give (KernelDensity).
///
/// A density of zero, which only kernels that end somewhere give, is the smallest finite number:
/// the strongest anomaly, where scikit-learn says minus infinity.
public struct KernelDensity: Stage {
    public static let code: UInt16 = 82
    public static let name = "kernel_density"

    /// The kernels, numbered as in packed models.
    public enum Kernel: UInt32, Sendable, CaseIterable {
        case gaussian = 0
        case tophat = 1
        case epanechnikov = 2
        case exponential = 3
        case linear = 4
        case cosine = 5
    }

    /// The training rows; their tree is not used, since every row counts.
    public var points: TrainingPoints
    public var kernel: Kernel
    public var bandwidth: Double
    /// One for each training row, none when all count alike.
    public var weights: [Double]

    public init(
        points: TrainingPoints,
        kernel: Kernel,
        bandwidth: Double,
        weights: [Double] = []
    ) {
        self.points = points
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.weights = weights
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try points.check(inputCount: inputCount)
        guard bandwidth > 0, bandwidth.isFinite, (bandwidth * bandwidth).isNormal else {
            throw .invalid("the bandwidth is \(bandwidth)")
        }
        if !weights.isEmpty { try StageCheck.vector(weights, points.count, "weights") }
        guard weights.allSatisfy({ $0 >= 0 }) else { throw .invalid("a weight is below 0") }
        try StageCheck.finite(normalization, "the logarithm of the kernels' volume")
        return 1
    }

    public func encode(into writer: inout StageWriter) {
        let blockCount = (points.count + 7) / 8
        writer.put(UInt32(blockCount))
        writer.put(kernel.rawValue)
        writer.put(points.metric.kind.rawValue)
        writer.put(UInt32(0))
        writer.put(points.metric.power)
        writer.put(bandwidth)
        writer.put(normalization)
        let width = points.columnCount
        for block in 0..<blockCount {
            for column in 0..<width {
                for lane in 0..<8 {
                    // The last block is filled up with copies of its first row, of weight 0.
                    let row = 8 * block + lane < points.count ? 8 * block + lane : 8 * block
                    writer.put(points.values[row * width + column])
                }
            }
        }
        for row in 0..<8 * blockCount {
            writer.put(row < points.count ? (weights.isEmpty ? 1 : weights[row]) : 0)
        }
    }

    public func reference(_ row: [Double]) -> [Double] {
        var (largest, terms) = (-Double.infinity, [Double]())
        for index in 0..<points.count {
            let start = index * points.columnCount
            let distance = points.metric(row, points.values[start..<start + points.columnCount])
            var term = Self.logarithm(kernel, distance, bandwidth)
            if !weights.isEmpty { term += log(weights[index]) }
            terms.append(term)
            largest = max(largest, term)
        }
        guard largest > -.infinity else { return [-Double.greatestFiniteMagnitude] }
        let sum = terms.reduce(0) { $0 + exp($1 - largest) }
        return [largest + log(sum) + normalization]
    }

    /// - Source: scikit-learn, neighbors/_binary_tree.pxi.tp, compute_log_kernel.
    private static func logarithm(_ kernel: Kernel, _ distance: Double, _ h: Double) -> Double {
        switch kernel {
        case .gaussian: return -0.5 * (distance * distance) / (h * h)
        case .exponential: return -distance / h
        default: break
        }
        guard distance < h else { return -.infinity }
        switch kernel {
        case .epanechnikov: return log(1 - (distance * distance) / (h * h))
        case .linear: return log(1 - distance / h)
        case .cosine: return log(cos(0.5 * Double.pi * distance / h))
        default: return 0
        }
    }

    /// Minus the logarithms of a kernel's volume and of the number of rows.
    private var normalization: Double {
        let count = weights.isEmpty ? Double(points.count) : weights.reduce(0, +)
        return KernelVolume.logarithm(kernel, bandwidth, points.columnCount) - log(count)
    }
}
