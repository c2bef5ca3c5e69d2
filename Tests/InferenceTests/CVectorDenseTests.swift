import CVector
import Testing

@Suite("Forms of the dense kernels")
struct CVectorDenseTests {
    private static let forms = [CVECTOR_PORTABLE, CVECTOR_AVX2, CVECTOR_AVX512].map {
        Int32($0)
    }
    .filter { cvector_has_form($0) == 1 }

    /// Runs a kernel in every form of this CPU and expects the same bits of all.
    private static func expectSameBits(
        _ count: Int,
        _ name: String,
        _ body: (Int32, UnsafeMutablePointer<Double>) -> Int32
    ) {
        var results: [[UInt64]] = []
        for form in forms {
            let output = UnsafeMutablePointer<Double>.allocate(capacity: count)
            defer { output.deallocate() }
            output.initialize(repeating: .nan, count: count)
            #expect(body(form, output) == 1)
            results.append((0..<count).map { output[$0].bitPattern })
        }
        #expect(results.allSatisfy { $0 == results[0] }, "\(name) differs between forms")
    }

    @Test(
        "Every kernel gives the same bits in every form",
        arguments: [(1, 1), (3, 2), (8, 8), (13, 11), (40, 5)]
    )
    func bits(_ size: (columns: Int, outputs: Int)) {
        let (columns, outputs) = size
        var random = SeededGenerator(seed: 99)
        let rowCount = 21
        let rows = random.doubles(rowCount * columns, -3...3)
        let weights = random.doubles(max(outputs, columns) * columns, -1...1)
        let triangles = random.doubles(outputs * columns * (columns + 1) / 2, -1...1)
        let constants = random.doubles(outputs, -1...1)
        let means = random.doubles(outputs * columns, -1...1)
        for activation in 0..<6 {
            var model = CVectorAffine()
            weights.withUnsafeBufferPointer { weights in
                constants.withUnsafeBufferPointer { constants in
                    model.weights = weights.baseAddress
                    model.bias = constants.baseAddress
                    model.columnCount = columns
                    model.outputCount = outputs
                    model.factor = 0.7
                    model.activation = UInt32(activation)
                    Self.expectSameBits(rowCount * outputs, "activation \(activation)") {
                        cvector_affine_as($0, &model, rows, rowCount, nil, $1)
                    }
                }
            }
        }
        weights.withUnsafeBufferPointer { weights in
            var layer = CVectorAffine()
            layer.weights = weights.baseAddress
            layer.columnCount = columns
            layer.outputCount = columns
            layer.factor = 1
            layer.activation = UInt32(CVECTOR_TANH)
            let layers = [layer, layer, layer]
            Self.expectSameBits(rowCount * columns, "network") {
                cvector_network_as($0, layers, 3, columns, rows, rowCount, nil, $1)
            }
        }
        for form in 0..<4 {
            var model = CVectorGaussians()
            let factors = form == 1 ? triangles : weights
            factors.withUnsafeBufferPointer { factors in
                constants.withUnsafeBufferPointer { constants in
                    means.withUnsafeBufferPointer { means in
                        model.means = means.baseAddress
                        model.factors = factors.baseAddress
                        model.constants = constants.baseAddress
                        model.columnCount = columns
                        model.componentCount = form == 2 ? 1 : outputs
                        model.rank = outputs
                        model.form = UInt32(form)
                        Self.expectSameBits(rowCount * model.componentCount, "form \(form)") {
                            cvector_gaussians_as($0, &model, rows, rowCount, nil, $1)
                        }
                    }
                }
            }
        }
        for kernel in 0..<6 {
            var model = CVectorKernelMap()
            means.withUnsafeBufferPointer { means in
                model.vectors = means.baseAddress
                model.columnCount = columns
                model.vectorCount = outputs
                model.gamma = 0.2
                model.coef0 = 0.1
                model.degree = 3
                model.kernel = UInt32(kernel)
                Self.expectSameBits(rowCount * outputs, "kernel \(kernel)") {
                    cvector_kernel_map_as($0, &model, rows, rowCount, nil, $1)
                }
            }
        }
        for rule in 0..<9 {
            Self.expectSameBits(rowCount * 2, "rule \(rule)") {
                cvector_choose_as($0, UInt32(rule), columns, rows, rowCount, nil, $1)
            }
        }
        var reconstruction = CVectorReconstruction()
        var ellipse = CVectorMahalanobis()
        weights.withUnsafeBufferPointer { weights in
            reconstruction.components = weights.baseAddress
            reconstruction.columnCount = columns
            reconstruction.componentCount = min(outputs, columns)
            Self.expectSameBits(rowCount, "reconstruction") {
                cvector_reconstruction_as($0, &reconstruction, rows, rowCount, nil, $1)
            }
            ellipse.location = weights.baseAddress
            ellipse.precision = weights.baseAddress
            ellipse.columnCount = columns
            Self.expectSameBits(rowCount, "ellipse") {
                cvector_mahalanobis_as($0, &ellipse, rows, rowCount, nil, $1)
            }
        }
    }

    @Test("Cosines and logarithms are those of the C library")
    func functions() {
        var random = SeededGenerator(seed: 5)
        for round in 0..<500 {
            let reach = [1.0, 10, 1e4, 1e8][round % 4]
            let angles = random.doubles(8, -reach...reach)
            let positive = random.doubles(8, 1e-9...reach)
            for form in Self.forms {
                var results = Array(repeating: 0.0, count: 8)
                #expect(cvector_cosine_as(form, angles, &results) == 1)
                for (value, result) in zip(angles, results) {
                    #expect((result - libraryCosine(value)).magnitude < 3e-16, "cos \(value)")
                }
                #expect(cvector_log_as(form, positive, &results) == 1)
                for (value, result) in zip(positive, results) {
                    let expected = libraryLogarithm(value)
                    #expect(
                        (result - expected).magnitude <= 3e-16 * max(expected.magnitude, 1e-3),
                        "log \(value)"
                    )
                }
            }
        }
        var results = Array(repeating: 0.0, count: 8)
        let large = [1e14, -1e300, .infinity, .nan, 0, -0.0, 1, 2]
        for form in Self.forms {
            #expect(cvector_cosine_as(form, large, &results) == 1)
            for value in results[0..<4] { #expect(value.isNaN) }
            #expect(results[4] == 1 && results[5] == 1)
        }
    }
}
