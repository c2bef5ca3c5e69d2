/// The plain evaluation of decoded parameters, which packed scoring is tested against.
public enum ScalarReference {
    /// The last stage's outputs for one row.
    ///
    /// - Throws: ``InferenceError`` when the model is not valid or the row has other columns.
    public static func outputs(
        of row: [Double],
        _ model: ModelParameters
    ) throws(InferenceError) -> [Double] {
        _ = try model.check()
        guard row.count == model.featureCount else {
            throw InferenceError(
                .shape,
                "\(row.count) values are not a row of \(model.featureCount) features"
            )
        }
        var values = row
        for stage in model.stages { values = stage.reference(values) }
        return values
    }

    /// The first output of one row: a detector's decision, a regressor's value.
    public static func decision(
        of row: [Double],
        _ model: ModelParameters
    ) throws(InferenceError) -> Double {
        try outputs(of: row, model)[0]
    }
}
