import Inference
import Testing

@testable import Sklearn

@Suite("Scikit-learn files decode to the numbers the estimators hold")
struct SklearnDecoderTests {
    @Test("Fixtures of an old and a new scikit-learn are at hand")
    func fixturesExist() {
        #expect(Fixtures.versions == ["sklearn-1.1.3", "sklearn-1.9.1"])
    }

    @Test("Every fixture scores rows as scikit-learn did", arguments: Fixtures.versions)
    func fixturesAgree(version: String) throws {
        let rows = try Fixtures.expectedRows(version)
        let files = listFolder("\(Fixtures.folder)/\(version)").filter {
            !$0.hasPrefix("refused") && !$0.hasPrefix("compressed")
                && $0 != "expected.csv"
        }
        #expect(files.count > 40)
        for file in files {
            let model = try decode(readFile("\(Fixtures.folder)/\(version)/\(file)"), name: file)
            let stem = file.split(separator: ".")[0]
            let own = rows.filter { $0.model == (stem == "big_endian" ? "rbf_standard" : stem) }
            #expect(own.count == 6, "\(file)")
            let svm = try #require(model.svm)
            let size = svm.dualCoefficients.reduce(abs(svm.intercept)) { $0 + abs($1) }
            // float32 training data makes scikit-learn itself compute in float32 in places.
            let tolerance = (stem == "rbf_single" ? 1e-6 : 1e-12) * size
            for row in own {
                #expect(model.featureCount == row.features.count, "\(file)")
                let value = decision(model, row.features)
                let scale = max(1, abs(row.decision))
                #expect(abs(value - row.decision) <= tolerance * scale, "\(file) \(row)")
                if abs(row.decision) > tolerance {
                    #expect((value > 0 ? 1 : -1) == row.label, "\(file) \(row)")
                }
            }
        }
    }

    @Test("All formats of one model give the same parameters", arguments: Fixtures.versions)
    func formatsAgree(version: String) throws {
        let files = listFolder("\(Fixtures.folder)/\(version)")
        for stem in ["rbf_standard", "linear_minmax", "poly_robust", "sigmoid_pca", "rbf_names"] {
            let models = try files.filter { $0.hasPrefix(stem + ".") }.map {
                try decode(readFile("\(Fixtures.folder)/\(version)/\($0)"), name: $0)
            }
            #expect(models.count >= 6, "\(stem)")
            for model in models { #expect(model == models.first, "\(stem)") }
        }
    }

    @Test("Source, names, kernels and training facts come along", arguments: Fixtures.versions)
    func facts(version: String) throws {
        func model(_ file: String) throws -> ModelParameters {
            try decode(readFile("\(Fixtures.folder)/\(version)/\(file)"), name: file)
        }
        let number = version.dropFirst("sklearn-".count)
        let named = try model("rbf_names.joblib")
        #expect(named.featureNames == ["temperature", "vibration rms", "Dr\u{FC}ck"])
        #expect(named.source == "Pipeline(StandardScaler, OneClassSVM) of scikit-learn \(number)")
        let bare = try model("rbf_bare.p5")
        #expect(bare.source == "OneClassSVM of scikit-learn \(number)")
        #expect(bare.featureNames == nil && bare.steps.isEmpty)
        let poly = try #require(try model("poly_robust.p4").svm)
        #expect(poly.kernel == .polynomial && poly.degree == 2 && poly.coef0 == 0.5)
        #expect(poly.nu == 0.2 && poly.trainingRowCount == 22)
        let rescale = try #require(try model("linear_minmax.p3").steps.first as? Rescale)
        #expect(rescale.clip == -1.0...2.0)
        let nested = try model("rbf_nested.joblib")
        #expect(nested.steps.count == 1)
        #expect(nested.source == "Pipeline(StandardScaler, OneClassSVM) of scikit-learn \(number)")
        let uncentered = try model("rbf_uncentered.p5")
        let scaler = try #require(uncentered.steps.first as? Standardize)
        #expect(scaler.center.isEmpty && scaler.scale.count == 2 && uncentered.steps.count == 2)
        let projection = try #require(try model("rbf_chain.p4").steps.last as? Project)
        #expect(projection.outputCount == 2 && projection.scale.count == 2)
    }

    @Test("Every compression of joblib unpacks to the same model", arguments: Fixtures.versions)
    func compressions(version: String) throws {
        var models: [ModelParameters] = []
        for form in ["xz", "bz2", "lzma"] {
            let bytes = try readFile("\(Fixtures.folder)/\(version)/compressed.\(form)")
            models.append(try decode(bytes, name: form))
            for count in stride(from: 6, to: bytes.count - 12, by: 7) {
                #expect(throws: SklearnError.self, "\(form), \(count) bytes") {
                    try decode(Array(bytes[..<count]), name: form)
                }
            }
            let error = #expect(throws: SklearnError.self) {
                try bytes.withUnsafeBytes {
                    try SklearnDecoder.decode(
                        $0,
                        name: form,
                        limits: DecodeLimits(inflatedBytes: 100)
                    )
                }
            }
            #expect(error?.kind == .limit)
        }
        #expect(models.allSatisfy { $0 == models.first })
    }

    struct Refusal: Sendable {
        var file: String
        var kind: SklearnError.Kind
        var message: String
    }

    static let expectedRefusals = [
        Refusal(file: "refused_sparse.p4", kind: .unsupported, message: "sparse matrix"),
        Refusal(
            file: "refused_unfitted.p4",
            kind: .notFitted,
            message: #"StandardScaler at step 1 "standardscaler" of the pipeline is not fitted"#
        ),
        Refusal(
            file: "refused_precomputed.p4",
            kind: .unsupported,
            message: #"OneClassSVM has the kernel "precomputed""#
        ),
        Refusal(file: "refused_dict.p4", kind: .unsupported, message: "is a dict"),
        Refusal(
            file: "refused_dimensions.p4",
            kind: .malformed,
            message: #"OneClassSVM at step 2 "svm" of the pipeline takes 1 columns, but 2 reach"#
        ),
        Refusal(
            file: "refused_nan.p4",
            kind: .malformed,
            message: "_intercept_ of OneClassSVM holds nan"
        ),
    ]

    @Test("What cannot be decoded says why, and where it stands", arguments: Fixtures.versions)
    func refusals(version: String) throws {
        for refusal in Self.expectedRefusals {
            let bytes = try readFile("\(Fixtures.folder)/\(version)/\(refusal.file)")
            let error = #expect(throws: SklearnError.self) {
                try decode(bytes, name: refusal.file)
            }
            #expect(error?.kind == refusal.kind, "\(refusal.file): \(error?.message ?? "")")
            let message = error?.message ?? ""
            #expect(message.hasPrefix("cannot decode \(refusal.file): "), "\(message)")
            #expect(message.contains(refusal.message), "\(message)")
        }
    }

    @Test(
        "The reference implementation's models keep every number",
        .enabled(if: ReferenceModels.arePresent, "reference models are not at hand")
    )
    func referenceModels() throws {
        #expect(ReferenceModels.names.count == 15)
        for name in ReferenceModels.names {
            let model = try decode(readFile("\(ReferenceModels.folder)/\(name)"), name: name)
            #expect(
                model.source == "Pipeline(StandardScaler, OneClassSVM) of scikit-learn 0.19.2"
            )
            #expect(model.featureCount == 1 && model.featureNames == nil)
            let svm = try #require(model.svm, "\(name)")
            let scaler = try #require(model.steps.first as? Standardize, "\(name)")
            #expect(svm.kernel == .rbf && svm.gamma == 0.01 && svm.nu == 0.0001)
            #expect((1...2).contains(svm.supportVectors.count))
            #expect((250...300).contains(svm.trainingRowCount ?? 0))
            #expect(scaler.center[0] > 12 && scaler.center[0] < 106 && scaler.scale[0] > 0)
        }
    }

    struct ReferenceScore: Sendable {
        var name: String
        /// The scaler's mean, and the decision there and three deviations away.
        var mean: Double
        var atMean: Double
        var farAway: Double
    }

    /// Computed once from the same files with Python's own unpickler and math.exp.
    static let expectedScores = [
        ReferenceScore(
            name: "model_1_1",
            mean: 12.377965440356743,
            atMean: 0.000634958749859596,
            farAway: -0.0020816423570110924
        ),
        ReferenceScore(
            name: "model_2_5",
            mean: 104.92303482587064,
            atMean: -5.399120694873916e-06,
            farAway: -0.002102129458304205
        ),
        ReferenceScore(
            name: "model_3_1",
            mean: 12.594016203703704,
            atMean: 0.0009204653260659924,
            farAway: -0.0014221301381487465
        ),
    ]

    @Test(
        "The reference models score as an independent reading of the same files",
        .enabled(if: ReferenceModels.arePresent, "reference models are not at hand"),
        arguments: expectedScores
    )
    func referenceScores(expected: ReferenceScore) throws {
        let bytes = try readFile("\(ReferenceModels.folder)/\(expected.name)")
        let model = try decode(bytes, name: expected.name)
        let scaler = try #require(model.steps.first as? Standardize)
        #expect(scaler.center == [expected.mean])
        #expect(abs(decision(model, [expected.mean]) - expected.atMean) < 1e-16)
        let far = expected.mean + 3 * scaler.scale[0]
        #expect(abs(decision(model, [far]) - expected.farAway) < 1e-16)
    }
}
