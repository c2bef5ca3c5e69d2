internal import CVector

extension SupportVectorClassifier {
    /// The machine in packed bytes.
    public struct View: StageView {
        /// Decisions closer to 0 than this share of their largest possible magnitude are
        /// evaluated again.
        static let nearZero = 1e-9
        private static let rowsAtOnce = 8

        public var outputCount: Int { 2 }
        private let kernel: SVMKernel
        private let shape: Shape
        private let classCount: Int
        private let vectorCount: Int
        /// The largest norm of a support vector.
        private let vectorNorm: Double
        private let sizes: UnsafePointer<UInt32>
        private let intercepts: UnsafePointer<Double>
        private let coefficients: UnsafePointer<Double>
        private let vectors: UnsafePointer<Double>
        private let native: CVectorKernelMap

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let kind = try reader.integer(UInt32.self)
            let degree = try reader.count(atMost: ModelLimits.degreeMax, "degree")
            let gamma = try reader.finite("gamma")
            let coef0 = try reader.finite("coef0")
            classCount = try reader.count(atMost: classCountMax, "class count")
            let shape = try reader.integer(UInt32.self)
            vectorNorm = try reader.double()
            let count = try reader.integer(UInt64.self)
            guard kind < 256, let kernel = SVMKernel(rawValue: UInt8(kind)), shape < 256,
                let shape = Shape(rawValue: UInt8(shape)), gamma >= 0, classCount >= 2,
                count <= UInt64(ModelLimits.supportVectorCountMax)
            else { throw reader.corrupt("kernel \(kind) of \(count) vectors is not known") }
            (self.kernel, self.shape, vectorCount) = (kernel, shape, Int(count))
            sizes = try reader.uint32s(classCount)
            var total = 0
            for index in 0..<classCount { total += Int(sizes[index]) }
            guard total == vectorCount else { throw reader.corrupt("class sizes add to \(total)") }
            try reader.align(to: 8)
            intercepts = try reader.doubles(classCount * (classCount - 1) / 2)
            coefficients = try reader.doubles((classCount - 1) * vectorCount)
            vectors = try reader.doubles(vectorCount * inputCount)
            native = CVectorKernelMap(
                vectors: vectors,
                columnCount: inputCount,
                vectorCount: vectorCount,
                gamma: gamma,
                coef0: coef0,
                degree: UInt32(degree),
                kernel: kind
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let columns = native.columnCount
            let size = Self.rowsAtOnce * vectorCount
            let memorySize = size + SupportVectorVotes.size(classCount)
            withUnsafeTemporaryAllocation(of: Double.self, capacity: memorySize) { memory in
                guard let values = memory.baseAddress else { return }
                let votes = UnsafeMutableBufferPointer(rebasing: memory[size...])
                for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
                    let part = min(Self.rowsAtOnce, rows.count - start)
                    let input = rows.values + start &* columns
                    evaluate(input, part, to: values)
                    for row in 0..<part {
                        let result = decide(
                            values + row &* vectorCount,
                            input + row &* columns,
                            votes
                        )
                        outputs[2 &* (start &+ row)] = result.score
                        outputs[2 &* (start &+ row) &+ 1] = Double(result.label)
                    }
                }
            }
        }

        public var facts: [ModelFact] {
            var facts = [
                ModelFact("kernel", kernel.name),
                ModelFact("support_vectors", "\(vectorCount)"),
            ]
            if kernel != .linear { facts.append(ModelFact("gamma", "\(native.gamma)")) }
            return facts
        }

        /// The kernels of some rows with all support vectors.
        private func evaluate(
            _ rows: UnsafePointer<Double>,
            _ rowCount: Int,
            to values: UnsafeMutablePointer<Double>
        ) {
            LinearScratch.with(native.columnCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_kernel_map_as(
                        cvector_best_form(),
                        $0,
                        rows,
                        rowCount,
                        scratch,
                        values
                    )
                }
            }
        }

        /// The score and class of a row from its kernels.
        private func decide(
            _ values: UnsafeMutablePointer<Double>,
            _ row: UnsafePointer<Double>,
            _ memory: UnsafeMutableBufferPointer<Double>
        ) -> (score: Double, label: Int) {
            let largest = largestKernel(row)
            var votes = SupportVectorVotes(memory, classCount: classCount, shape: shape)
            var (pair, isExact) = (0, false)
            var firstStart = 0
            for first in 0..<(classCount &- 1) {
                var secondStart = firstStart &+ Int(sizes[first])
                for second in (first &+ 1)..<classCount {
                    let left = firstStart..<(firstStart &+ Int(sizes[first]))
                    let right = secondStart..<(secondStart &+ Int(sizes[second]))
                    let upper = coefficients + (second &- 1) &* vectorCount
                    let lower = coefficients + first &* vectorCount
                    var (sum, bound) = sums(values, upper, left, lower, right)
                    bound = bound * largest + intercepts[pair].magnitude
                    // Written so that a sum or a bound that is no number takes this branch too.
                    let decision = sum + intercepts[pair]
                    if !isExact, !(decision.magnitude > Self.nearZero * bound) {
                        // The kernels of all vectors again, as LIBSVM computes them.
                        isExact = true
                        evaluateExactly(row, to: values)
                    }
                    if isExact { (sum, _) = sums(values, upper, left, lower, right) }
                    votes.count(sum + intercepts[pair], first, second)
                    secondStart &+= Int(sizes[second])
                    pair &+= 1
                }
                firstStart &+= Int(sizes[first])
            }
            return votes.result()
        }

        /// The sum of coefficient x kernel in LIBSVM's order, and of the coefficients' magnitudes.
        private func sums(
            _ values: UnsafePointer<Double>,
            _ upper: UnsafePointer<Double>,
            _ left: Range<Int>,
            _ lower: UnsafePointer<Double>,
            _ right: Range<Int>
        ) -> (sum: Double, magnitudes: Double) {
            var (sum, magnitudes) = (0.0, 0.0)
            for index in left {
                sum += upper[index] * values[index]
                magnitudes += upper[index].magnitude
            }
            for index in right {
                sum += lower[index] * values[index]
                magnitudes += lower[index].magnitude
            }
            return (sum, magnitudes)
        }

        private func evaluateExactly(
            _ row: UnsafePointer<Double>,
            to values: UnsafeMutablePointer<Double>
        ) {
            let columns = native.columnCount
            let parameters = ScalarKernel(
                kind: kernel,
                gamma: native.gamma,
                coef0: native.coef0,
                degree: Int(native.degree)
            )
            for index in 0..<vectorCount {
                let vector = vectors + index &* columns
                var product = 0.0
                for column in 0..<columns {
                    if kernel == .rbf {
                        let difference = row[column] - vector[column]
                        product += difference * difference
                    } else {
                        product += row[column] * vector[column]
                    }
                }
                values[index] = parameters.value(of: product)
            }
        }

        /// A bound of the kernels' magnitudes.
        private func largestKernel(_ row: UnsafePointer<Double>) -> Double {
            guard kernel == .linear || kernel == .polynomial else { return 1 }
            var sum = 0.0
            for column in 0..<native.columnCount { sum += row[column] * row[column] }
            let product = sum.squareRoot() * vectorNorm
            guard kernel == .polynomial else { return product }
            let base = native.gamma * product + native.coef0.magnitude
            return ScalarKernel.power(base, Int(native.degree))
        }
    }
}
