import CVector
import Glibc
import Inference
import Testing

@Suite("Compiled forms of the kernels")
struct KernelFormTests {
    @Test("All forms this CPU runs give the same bits", arguments: SVMKernel.allCases)
    func sameBits(_ kernel: SVMKernel) {
        for seed in UInt64(1)...20 {
            var random = SeededGenerator(seed: seed)
            let blocks = Int.random(in: 1...9, using: &random)
            let columns = Int.random(in: 1...6, using: &random)
            let rowCount = 13
            let vectors = random.doubles(blocks * columns * 8, -3...3)
            let coefficients = random.doubles(blocks * 8, -1...1)
            let rows = random.doubles(rowCount * columns, -30...30)
            let portable = decide(
                CVECTOR_PORTABLE,
                kernel,
                vectors,
                coefficients,
                columns,
                rows,
                rowCount
            )
            #expect(portable != nil)
            for form in [CVECTOR_AVX2, CVECTOR_AVX512] {
                let other = decide(form, kernel, vectors, coefficients, columns, rows, rowCount)
                guard let other else { continue }
                #expect(other == portable, "form \(form), seed \(seed)")
            }
        }
    }

    @Test("The exponential is within 2 units in the last place of the C library's")
    func exponential() {
        var random = SeededGenerator(seed: 9)
        for range in [-1...1, -40...0, -708...709] as [ClosedRange<Double>] {
            for _ in 0..<2000 {
                let values = random.doubles(8, range)
                let results = exponentials(values)
                for (value, result) in zip(values, results) {
                    let expected = exp(value)
                    #expect(
                        (result - expected).magnitude <= 2 * expected.ulp,
                        "exp(\(value))"
                    )
                }
            }
        }
    }

    @Test("The exponential is exact at its ends and passes a NaN through")
    func ends() {
        let results = exponentials([0, -709, -1e300, -.infinity, 1e300, .infinity, -0.0, .nan])
        #expect(results[0] == 1 && results[6] == 1)
        #expect(results[1] == 0 && results[2] == 0 && results[3] == 0)
        #expect((results[4] - exp(709)).magnitude <= 2 * exp(709).ulp)
        #expect(results[5] == results[4])
        #expect(results[7].isNaN)
    }

    /// The bits of each decision, nil when this CPU lacks the form.
    private func decide(
        _ form: Int,
        _ kernel: SVMKernel,
        _ vectors: [Double],
        _ coefficients: [Double],
        _ columns: Int,
        _ rows: [Double],
        _ rowCount: Int
    ) -> [UInt64]? {
        var decisions = Array(repeating: 0.0, count: rowCount)
        let done = vectors.withUnsafeBufferPointer { vectors in
            coefficients.withUnsafeBufferPointer { coefficients in
                var model = CVectorSVM(
                    vectors: vectors.baseAddress,
                    coefficients: coefficients.baseAddress,
                    blockCount: coefficients.count / 8,
                    columnCount: columns,
                    gamma: 0.3,
                    coef0: 0.1,
                    intercept: -0.5,
                    degree: 3,
                    kernel: UInt32(kernel.rawValue)
                )
                return cvector_svm_decide_as(
                    Int32(form),
                    &model,
                    rows,
                    rowCount,
                    &decisions
                )
            }
        }
        return done == 1 ? decisions.map(\.bitPattern) : nil
    }

    private func exponentials(_ values: [Double]) -> [Double] {
        var results = Array(repeating: 0.0, count: 8)
        #expect(cvector_exp_as(Int32(CVECTOR_PORTABLE), values, &results) == 1)
        return results
    }
}
