/// Turns decoded parameters into the compact bytes that ``ModelView`` evaluates in place.
///
/// Names, source and training facts are not in the bytes: ``ModelDescription`` carries them. Equal
/// numbers give equal bytes.
public enum ModelEncoder {
    /// The packed bytes of a model, a multiple of 64 long.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` naming the part that does not fit, is not
    ///   finite or exceeds ``ModelLimits``.
    public static func encode(_ model: ModelParameters) throws(InferenceError) -> [UInt8] {
        let columns = try model.check()
        var writer = StageWriter()
        writer.put([UInt8](repeating: 0, count: BlockLayout.headerByteCount))
        encode(model.stages, columns: columns, into: &writer)
        let labels = writer.count
        for label in model.head.labels { writer.put(UInt32(label.utf8.count)) }
        for label in model.head.labels { writer.put(Array(label.utf8)) }
        let labelsByteCount = writer.count - labels
        writer.align(to: BlockLayout.alignment)
        guard writer.count <= ModelLimits.byteCountMax else {
            throw .invalid("the model is larger than \(ModelLimits.byteCountMax >> 30) GiB")
        }
        put(model.head, into: &writer)
        writer.overwrite(BlockLayout.magic, at: 0)
        let family = model.stages.last.map { type(of: $0).code } ?? 0
        writer.overwrite(family, at: BlockLayout.familyOffset)
        writer.overwrite(UInt32(model.featureCount), at: BlockLayout.featureCountOffset)
        writer.overwrite(UInt32(model.stages.count), at: BlockLayout.stageCountOffset)
        writer.overwrite(UInt64(writer.count), at: BlockLayout.byteCountOffset)
        writer.overwrite(UInt32(columns.max() ?? 0), at: BlockLayout.widestOffset)
        writer.overwrite(UInt64(labels), at: BlockLayout.labelsOffset)
        writer.overwrite(UInt64(labelsByteCount), at: BlockLayout.labelsByteCountOffset)
        writer.overwrite(UInt32(model.head.labels.count), at: BlockLayout.labelCountOffset)
        return writer.bytes
    }

    /// Appends a list of stages: an entry each, then their payloads, each from a multiple of 8.
    static func encode(
        _ stages: [any Stage],
        columns: [Int],
        into writer: inout StageWriter
    ) {
        let entries = writer.count
        writer.put([UInt8](repeating: 0, count: stages.count * BlockLayout.stageByteCount))
        for (index, stage) in stages.enumerated() {
            let entry = entries + index * BlockLayout.stageByteCount
            let start = writer.count
            stage.encode(into: &writer)
            let end = writer.count
            writer.align(to: 8)
            writer.overwrite(type(of: stage).code, at: entry)
            writer.overwrite(
                stage.acceptsMissing ? BlockLayout.acceptsMissing : 0,
                at: entry + BlockLayout.stageFlagsOffset
            )
            writer.overwrite(UInt32(columns[index]), at: entry + BlockLayout.stageInputsOffset)
            writer.overwrite(
                UInt32(columns[index + 1]),
                at: entry + BlockLayout.stageOutputsOffset
            )
            writer.overwrite(UInt64(start), at: entry + BlockLayout.stagePayloadOffset)
            writer.overwrite(
                UInt64(end - start),
                at: entry + BlockLayout.stagePayloadByteCountOffset
            )
        }
    }

    private static func put(_ head: ModelHead, into writer: inout StageWriter) {
        let packed = PackedHead(head)
        writer.overwrite(packed.scoreRule, at: BlockLayout.scoreRuleOffset)
        writer.overwrite(packed.labelRule, at: BlockLayout.labelRuleOffset)
        writer.overwrite(packed.anomalyRule, at: BlockLayout.anomalyRuleOffset)
        writer.overwrite(packed.scoreColumn, at: BlockLayout.scoreColumnOffset)
        writer.overwrite(packed.labelColumn, at: BlockLayout.labelColumnOffset)
        writer.overwrite(packed.labelEndColumn, at: BlockLayout.labelEndColumnOffset)
        writer.overwrite(packed.threshold.bitPattern, at: BlockLayout.thresholdOffset)
        writer.overwrite(packed.anomalyLabel, at: BlockLayout.anomalyLabelOffset)
    }
}
