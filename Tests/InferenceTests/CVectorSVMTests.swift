import CVector
import Glibc
import Inference
import Testing

@Suite("Compiled forms of the support-vector kernels")
struct CVectorSVMTests {
    @Test("All forms this CPU runs give the same bits", arguments: SVMKernel.allCases)
    func sameBits(_ kernel: SVMKernel) {
        for seed in UInt64(1)...40 {
            var random = SeededGenerator(seed: seed)
            let machine = Machine.random(kernel, using: &random)
            let rowCount = Int.random(in: 1...9, using: &random)
            let width = Double.random(in: 0.1...40, using: &random)
            let rows = random.doubles(rowCount * machine.columns, -width...width)
            let portable = machine.decide(CVECTOR_PORTABLE, rows)
            #expect(portable != nil)
            for form in [CVECTOR_AVX2, CVECTOR_AVX512] {
                guard let other = machine.decide(form, rows) else { continue }
                #expect(other == portable, "form \(form), \(kernel), seed \(seed)")
            }
            #expect(machine.decide(nil, rows) == portable, "dispatched, \(kernel), seed \(seed)")
        }
    }

    @Test("Extreme numbers give the same bits in all forms", arguments: SVMKernel.allCases)
    func extremes(_ kernel: SVMKernel) {
        let values: [Double] = [
            0, -0.0, .leastNonzeroMagnitude, 1e-300, 1e150, -1e200, .greatestFiniteMagnitude,
            .infinity,
            -.infinity, .nan, 26.5, 700,
        ]
        var random = SeededGenerator(seed: 77)
        for columns in 1...5 {
            var machine = Machine.random(kernel, columns: columns, using: &random)
            machine.vectors[0] = 1e180
            for gamma in [0, 1e-300, 0.7, 1e300] {
                machine.numbers.gamma = gamma
                let rows = values.flatMap { value in
                    (0..<columns).map {
                        $0 == 0 ? value : values.randomElement(using: &random) ?? 0
                    }
                }
                let portable = machine.decide(CVECTOR_PORTABLE, rows).map(Self.withoutPayloads)
                for form in [CVECTOR_AVX2, CVECTOR_AVX512] {
                    guard let other = machine.decide(form, rows) else { continue }
                    #expect(
                        Self.withoutPayloads(other) == portable,
                        "form \(form), \(kernel), \(columns) columns, gamma \(gamma)"
                    )
                }
            }
        }
    }

    @Test("A row's bits do not depend on its neighbours", arguments: SVMKernel.allCases)
    func neighbours(_ kernel: SVMKernel) {
        for seed in UInt64(100)...110 {
            var random = SeededGenerator(seed: seed)
            let machine = Machine.random(kernel, using: &random)
            let rows = random.doubles(9 * machine.columns, -3...3)
            guard let together = machine.decide(nil, rows) else { continue }
            for count in 1...8 {
                for first in 0...(9 - count) {
                    let range = (first * machine.columns)..<((first + count) * machine.columns)
                    #expect(
                        machine.decide(nil, Array(rows[range]))
                            == Array(
                                together[first..<(first + count)]
                            ),
                        "rows \(first)..<\(first + count), seed \(seed)"
                    )
                }
            }
        }
    }

    @Test("The rbf kernel is exp(-gamma d2) of the C library within 3e-16 of its largest value")
    func rbfAccuracy() {
        var random = SeededGenerator(seed: 5)
        for scale in [1e-9, 0.1, 1, 5, 26] {
            for _ in 0..<400 {
                let gamma = Double.random(in: 0.01...2, using: &random)
                let (x, vector) = (0.0, Double.random(in: 0...scale, using: &random))
                let machine = Machine(one: vector, gamma: gamma)
                let expected = exp(-gamma * (x - vector) * (x - vector))
                guard let bits = machine.decide(nil, [x]) else { continue }
                let error = (Double(bitPattern: bits[0]) - expected).magnitude
                #expect(error <= 3e-16, "exp(-\(gamma) * \(vector)^2)")
            }
        }
    }

    @Test("The rbf kernel is 1 at no distance and 0 where the C library's is below 1e-307")
    func rbfEnds() {
        #expect(Machine(one: 3, gamma: 0.5).decide(nil, [3]) == [(1.0).bitPattern])
        #expect(Machine(one: 0, gamma: 1).decide(nil, [40]) == [(0.0).bitPattern])
        #expect(Machine(one: 0, gamma: 1).decide(nil, [1e300]) == [(0.0).bitPattern])
    }

    @Test("The exponential is within 2 units in the last place of the C library's")
    func exponential() {
        var random = SeededGenerator(seed: 9)
        for range in [-1...1, -40...0, -708...709] as [ClosedRange<Double>] {
            for _ in 0..<2000 {
                let values = random.doubles(8, range)
                for (value, result) in zip(values, exponentials(values)) {
                    let expected = exp(value)
                    #expect((result - expected).magnitude <= 2 * expected.ulp, "exp(\(value))")
                }
            }
        }
    }

    @Test("The exponential is exact at its ends and passes a NaN through")
    func exponentialEnds() {
        let results = exponentials([0, -709, -1e300, -.infinity, 1e300, .infinity, -0.0, .nan])
        #expect(results[0] == 1 && results[6] == 1)
        #expect(results[1] == 0 && results[2] == 0 && results[3] == 0)
        #expect((results[4] - exp(709)).magnitude <= 2 * exp(709).ulp)
        #expect(results[5] == results[4])
        #expect(results[7].isNaN)
    }

    private func exponentials(_ values: [Double]) -> [Double] {
        var results = Array(repeating: 0.0, count: 8)
        #expect(cvector_exp_as(Int32(CVECTOR_PORTABLE), values, &results) == 1)
        for form in [CVECTOR_AVX2, CVECTOR_AVX512] {
            var others = Array(repeating: 0.0, count: 8)
            guard cvector_exp_as(Int32(form), values, &others) == 1 else { continue }
            #expect(
                Self.withoutPayloads(others.map(\.bitPattern))
                    == Self.withoutPayloads(results.map(\.bitPattern))
            )
        }
        return results
    }

    /// A NaN is a NaN: which one an operation gives depends on the order of its operands.
    private static func withoutPayloads(_ bits: [UInt64]) -> [UInt64] {
        bits.map { Double(bitPattern: $0).isNaN ? Double.nan.bitPattern : $0 }
    }
}

/// A machine as the C functions take it.
private struct Machine {
    var numbers: CVectorSVM
    /// The vectors and then the coefficients, in blocks of eight.
    var vectors: [Double]
    let blocks: Int
    let columns: Int

    /// An rbf machine with one vector in one column, its coefficient 1 and its intercept 0.
    init(one vector: Double, gamma: Double) {
        numbers = CVectorSVM()
        numbers.kernel = UInt32(SVMKernel.rbf.rawValue)
        numbers.vectorCount = 1
        numbers.gamma = gamma
        vectors = [vector] + Array(repeating: 0.0, count: 15)
        vectors[8] = 1
        (blocks, columns) = (1, 1)
    }

    private init(_ numbers: CVectorSVM, _ vectors: [Double], blocks: Int, columns: Int) {
        self.numbers = numbers
        self.vectors = vectors
        self.blocks = blocks
        self.columns = columns
    }

    static func random(
        _ kernel: SVMKernel,
        columns: Int? = nil,
        using random: inout SeededGenerator
    ) -> Machine {
        let count = Int.random(in: 1...140, using: &random)
        let columns = columns ?? Int.random(in: 1...9, using: &random)
        let blocks = (count + 7) / 8
        var numbers = CVectorSVM()
        numbers.kernel = UInt32(kernel.rawValue)
        numbers.degree = UInt32.random(in: 0...5, using: &random)
        numbers.vectorCount = UInt64(count)
        numbers.gamma = Double.random(in: 0...2, using: &random)
        numbers.coef0 = Double.random(in: -1...1, using: &random)
        numbers.intercept = Double.random(in: -5...5, using: &random)
        let vectors = random.doubles(blocks * columns * 8, -3...3)
        var coefficients = random.doubles(blocks * 8, -1...1)
        for padding in count..<(blocks * 8) { coefficients[padding] = 0 }
        return Machine(numbers, vectors + coefficients, blocks: blocks, columns: columns)
    }

    /// The bits of each decision with a form, nil when this CPU lacks it; no form is the fastest.
    func decide(_ form: Int?, _ rows: [Double]) -> [UInt64]? {
        let count = rows.count / columns
        var decisions = Array(repeating: 0.0, count: count)
        var numbers = numbers
        guard let form else {
            cvector_svm_decide(&numbers, vectors, blocks, columns, rows, count, &decisions)
            return decisions.map(\.bitPattern)
        }
        let done = cvector_svm_decide_as(
            Int32(form),
            &numbers,
            vectors,
            blocks,
            columns,
            rows,
            count,
            &decisions
        )
        return done == 1 ? decisions.map(\.bitPattern) : nil
    }
}
