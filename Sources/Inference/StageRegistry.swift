/// Every kind of stage there is.
enum StageRegistry {
    static let all: [any Stage.Type] = [
        Standardize.self, Rescale.self, Project.self, SupportVectorMachine.self,
        Forest.self, NumberCategories.self,
        Linear.self, KernelMap.self, GaussianMixture.self, MahalanobisDistance.self,
        Centroids.self, SupportVectorClassifier.self, LinkChoice.self, Reconstruction.self,
        NaiveBayesCategories.self, Perceptron.self,
        Impute.self, NormalizeRows.self, ExpandPolynomial.self, MapQuantiles.self,
        PowerTransform.self, ApplyFunction.self, SelectColumns.self, CombineColumns.self,
        Binarize.self, Discretize.self, LocalOutlierFactor.self, NearestNeighbours.self,
        KernelDensity.self,
        GraphStage.self, FloatForest.self, FloatColumns.self,
    ]

    private static let byCode: [(any Stage.Type)?] = {
        var table: [(any Stage.Type)?] = []
        for type in all {
            let code = Int(type.code)
            while table.count <= code { table.append(nil) }
            table[code] = type
        }
        return table
    }()

    /// The kind with a code, nil when there is none.
    static func type(code: UInt16) -> (any Stage.Type)? {
        Int(code) < byCode.count ? byCode[Int(code)] : nil
    }
}

extension Stage {
    /// Checks packed bytes to their end and gives the columns that come out.
    static func check(
        _ reader: StageReader,
        inputCount: Int
    ) throws(InferenceError) -> Int {
        var reader = reader
        let view = try View(&reader, inputCount: inputCount)
        try reader.expectEnd()
        return view.outputCount
    }

    /// Evaluates rows with packed bytes that were checked before.
    static func apply(
        _ reader: StageReader,
        inputCount: Int,
        _ rows: StageRows,
        to outputs: UnsafeMutablePointer<Double>
    ) throws(InferenceError) {
        var reader = reader
        try View(&reader, inputCount: inputCount).apply(rows, to: outputs)
    }

    static func facts(
        _ reader: StageReader,
        inputCount: Int
    ) throws(InferenceError) -> [ModelFact] {
        var reader = reader
        return try View(&reader, inputCount: inputCount).facts
    }
}
