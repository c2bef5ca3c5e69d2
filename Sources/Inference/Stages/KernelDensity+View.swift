internal import CVector

extension KernelDensity {
    /// The stage in packed bytes: blocks of eight training rows, column by column.
    public struct View: StageView {
        public let outputCount = 1
        private let columnCount: Int
        private let blockCount: Int
        private let metric: DistanceMetric
        private let kernel: Kernel
        private let bandwidth: Double
        private let normalization: Double
        /// Shape: `[blockCount, columnCount, 8]`, then the weights, `[blockCount, 8]`.
        private let blocks: UnsafePointer<Double>
        private let weights: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            columnCount = inputCount
            blockCount = try reader.count(
                atMost: ModelLimits.supportVectorCountMax,
                "the training rows"
            )
            let code = try reader.integer(UInt32.self)
            let distance = try reader.integer(UInt32.self)
            guard let kernel = Kernel(rawValue: code),
                let kind = DistanceMetric.Kind(rawValue: distance)
            else { throw reader.corrupt("there is no kernel \(code) of distance \(distance)") }
            self.kernel = kernel
            _ = try reader.integer(UInt32.self)
            metric = DistanceMetric(kind, power: try reader.finite("the power"))
            bandwidth = try reader.finite("the bandwidth")
            guard bandwidth > 0, (bandwidth * bandwidth).isNormal else {
                throw reader.corrupt("the bandwidth is \(bandwidth)")
            }
            normalization = try reader.finite("the normalization")
            blocks = try reader.doubles(blockCount &* 8 &* columnCount)
            weights = try reader.doubles(blockCount &* 8)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let form = cvector_best_form()
            guard kernel == .gaussian, metric.kind == .euclidean else {
                for row in 0..<rows.count {
                    outputs[row] = density(rows.values + row &* columnCount, form)
                }
                return
            }
            var machine = CVectorSVM()
            machine.kernel = UInt32(CVECTOR_RBF)
            machine.gamma = 0.5 / (bandwidth * bandwidth)
            // The weights lie where the machine has its coefficients.
            cvector_svm_decide(
                &machine,
                blocks,
                blockCount,
                columnCount,
                rows.values,
                rows.count,
                outputs
            )
            for row in 0..<rows.count {
                // Far from all training rows every kernel is smaller than a double can be.
                if outputs[row] > 1e-200 {
                    outputs[row] = logarithm(outputs[row], form) + normalization
                } else {
                    outputs[row] = density(rows.values + row &* columnCount, form)
                }
            }
        }

        private func density(_ row: UnsafePointer<Double>, _ form: Int32) -> Double {
            let sum: (factor: Double, exponent: Double)
            switch kernel {
            case .gaussian, .exponential: sum = endlessKernels(row, form)
            default: sum = (boundedKernels(row, form), 0)
            }
            if sum.factor > 0 {
                return sum.exponent + logarithm(sum.factor, form) + normalization
            }
            return sum.factor.isNaN ? .nan : -Double.greatestFiniteMagnitude
        }

        /// Kernels that are zero from the bandwidth on.
        private func boundedKernels(_ row: UnsafePointer<Double>, _ form: Int32) -> Double {
            var sums = SIMD8<Double>()
            for block in 0..<blockCount {
                let ratio = distances(row, block) / bandwidth
                var value: SIMD8<Double>
                switch kernel {
                case .epanechnikov: value = 1 - ratio * ratio
                case .linear: value = 1 - ratio
                case .cosine: value = eight(ratio * (0.5 * Double.pi), form, cvector_cosine_as)
                default: value = SIMD8(repeating: 1)
                }
                value.replace(with: 0, where: ratio .>= 1)
                sums += value * weight(block)
            }
            return total(sums)
        }

        /// Kernels that never end, as a multiple of the largest one, and its exponent.
        private func endlessKernels(
            _ row: UnsafePointer<Double>,
            _ form: Int32
        ) -> (factor: Double, exponent: Double) {
            var largest = SIMD8<Double>(repeating: -.infinity)
            for block in 0..<blockCount {
                var exponents = exponents(row, block)
                // A row without weight may be the nearest of all and yet not count.
                exponents.replace(with: -.infinity, where: weight(block) .== 0)
                largest.replace(with: exponents, where: exponents .> largest)
            }
            let shift = largest.max()
            guard shift > -.infinity else { return (0, 0) }
            var sums = SIMD8<Double>()
            for block in 0..<blockCount {
                let powers = eight(exponents(row, block) - shift, form, cvector_exp_as)
                sums += powers * weight(block)
            }
            return (total(sums), shift)
        }

        private func exponents(_ row: UnsafePointer<Double>, _ block: Int) -> SIMD8<Double> {
            let distances = distances(row, block)
            guard kernel == .gaussian else { return -distances / bandwidth }
            return -0.5 * (distances * distances) / (bandwidth * bandwidth)
        }

        private func distances(_ row: UnsafePointer<Double>, _ block: Int) -> SIMD8<Double> {
            let points = blocks + block &* columnCount &* 8
            var sums = SIMD8<Double>()
            for column in 0..<columnCount {
                let difference = row[column] - vector(points + 8 &* column)
                switch metric.kind {
                case .euclidean: sums += difference * difference
                case .manhattan: sums += magnitude(difference)
                case .chebyshev:
                    let size = magnitude(difference)
                    sums.replace(with: size, where: size .> sums)
                case .minkowski:
                    for lane in 0..<8 {
                        sums[lane] = metric.add(difference[lane], to: sums[lane])
                    }
                }
            }
            switch metric.kind {
            case .euclidean: sums = sums.squareRoot()
            case .minkowski:
                for lane in 0..<8 { sums[lane] = metric.distance(reduced: sums[lane]) }
            default: break
            }
            return sums
        }

        private func weight(_ block: Int) -> SIMD8<Double> { vector(weights + 8 &* block) }

        private func vector(_ values: UnsafePointer<Double>) -> SIMD8<Double> {
            UnsafeRawPointer(values).loadUnaligned(as: SIMD8<Double>.self)
        }

        private func magnitude(_ values: SIMD8<Double>) -> SIMD8<Double> {
            values.replacing(with: -values, where: values .< 0)
        }

        private func total(_ sums: SIMD8<Double>) -> Double {
            let four = sums.lowHalf + sums.highHalf
            let two = four.lowHalf + four.highHalf
            return two.x + two.y
        }

        private func logarithm(_ value: Double, _ form: Int32) -> Double {
            eight(SIMD8(repeating: value), form, cvector_log_as)[0]
        }

        /// A function of eight values, with the same bits on every CPU.
        @inline(__always)
        private func eight(
            _ values: SIMD8<Double>,
            _ form: Int32,
            _ function: (Int32, UnsafePointer<Double>?, UnsafeMutablePointer<Double>?) -> Int32
        ) -> SIMD8<Double> {
            var (input, output) = (values, SIMD8<Double>())
            withUnsafeBytes(of: &input) { input in
                withUnsafeMutableBytes(of: &output) { output in
                    let values = input.baseAddress?.assumingMemoryBound(to: Double.self)
                    let results = output.baseAddress?.assumingMemoryBound(to: Double.self)
                    _ = function(form, values, results)
                }
            }
            return output
        }

        public var facts: [ModelFact] {
            [
                ModelFact("training rows", "at most \(blockCount &* 8)"),
                ModelFact("kernel", "\(kernel)"),
            ]
        }
    }
}
