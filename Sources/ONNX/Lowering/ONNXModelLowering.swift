public import Inference

/// Turns ONNX graphs into the models that packs hold.
public enum ONNXModelLowering {
    /// The model of a graph; metadata from outside goes before what the file says itself.
    ///
    /// Support-vector machines and trees become packed stages, the rest stays a graph. Without
    /// metadata the score is what the exporters' conventions say: `scores`, a regressor's only
    /// number, the probability of the second of two classes or the largest of more.
    /// - Throws: `ONNXError` naming the output, input or operator that is in the way.
    public static func lower(
        _ model: ONNXModel,
        metadata outside: ModelMetadata = ModelMetadata()
    ) throws(ONNXError) -> ModelParameters {
        let metadata = try metadata(of: model).overridden(by: outside)
        let count = try featureCount(model, metadata)
        do {
            var lowering = GraphLowering(model.program, featureCount: count)
            var parameters = try lowering.lower(output: metadata.output)
            parameters.featureNames = columnNames(model, count)
            parameters.source =
                model.producer.isEmpty ? "ONNX graph" : "ONNX graph of \(model.producer)"
            _ = try parameters.check()
            return try parameters.applying(metadata)
        } catch let error as GraphError {
            let reason: ONNXError.Reason =
                switch error.reason {
                case .unsupported, .shape: .unsupported
                case .invalid: .damaged
                case .limit: .limit
                }
            throw ONNXError(reason, error.message)
        } catch let error as InferenceError {
            throw ONNXError(.unsupported, error.message)
        } catch let error as ONNXError {
            throw error
        } catch {
            throw ONNXError(.damaged, "\(error)")
        }
    }

    /// What the file's properties say about the model.
    ///
    /// - Throws: `ONNXError` naming the property that cannot be read.
    public static func metadata(of model: ONNXModel) throws(ONNXError) -> ModelMetadata {
        do throws(InferenceError) {
            return try ModelMetadata(properties: model.metadata)
        } catch {
            throw ONNXError(.damaged, error.message)
        }
    }

    private static func featureCount(
        _ model: ONNXModel,
        _ metadata: ModelMetadata
    ) throws(ONNXError) -> Int {
        guard !model.program.inputs.isEmpty else {
            throw ONNXError(.unsupported, "the graph has no input")
        }
        if let count = model.featureCount { return count }
        guard let features = metadata.features, model.program.inputs.count == 1 else {
            throw ONNXError(
                .unsupported,
                "the graph does not say how many columns it takes; name them in its metadata "
                    + "(features), or export it with a fixed number of columns"
            )
        }
        return features.count
    }

    /// The names of inputs that are one column each.
    private static func columnNames(_ model: ONNXModel, _ count: Int) -> [String]? {
        let inputs = model.program.inputs
        guard inputs.count > 1, inputs.count == count, Set(inputs.map(\.name)).count == count
        else { return nil }
        return inputs.map(\.name)
    }
}
