/// The operators of the `ai.onnx.ml` domain, one line each.
enum MLOperators {
    static let all: [any GraphOperator.Type] = [
        ArrayFeatureExtractorOperator.self,
        BinarizerOperator.self,
        CategoryMapperOperator.self,
        FeatureVectorizerOperator.self,
        ImputerOperator.self,
        LabelEncoderOperator.self,
        LinearClassifierOperator.self,
        LinearRegressorOperator.self,
        NormalizerOperator.self,
        OneHotEncoderOperator.self,
        ScalerOperator.self,
        SVMClassifierOperator.self,
        SVMRegressorOperator.self,
        TreeEnsembleClassifierOperator.self,
        TreeEnsembleOperator.self,
        TreeEnsembleRegressorOperator.self,
        ZipMapOperator.self,
    ]
}
