/// Packs one preprocessing step: a header of four numbers, then its vectors.
enum StepEncoder {
    static func byteCount(of step: TransformStep, inputCount: Int) -> Int {
        let values =
            switch step {
            case .standardize(let center, let scale): center.count + scale.count
            case .rescale(let scale, let offset, let clip):
                scale.count + offset.count + (clip == nil ? 0 : 2)
            case .project(let mean, let components, _, let scale):
                mean.count + components.count + scale.count
            }
        return BlockLayout.stepHeaderByteCount + values * 8
    }

    static func put(
        _ step: TransformStep,
        inputCount: Int,
        into block: inout BlockWriter,
        at offset: inout Int
    ) {
        switch step {
        case .standardize(let center, let scale):
            let flags =
                (center.isEmpty ? 0 : BlockLayout.hasFirst)
                | (scale.isEmpty ? 0 : BlockLayout.hasSecond)
            header(BlockLayout.standardize, inputCount, inputCount, flags, &block, &offset)
            block.put(center, at: &offset)
            block.put(scale, at: &offset)
        case .rescale(let scale, let shift, let clip):
            let flags =
                BlockLayout.hasFirst | BlockLayout.hasSecond
                | (clip == nil ? 0 : BlockLayout.hasClip)
            header(BlockLayout.rescale, inputCount, inputCount, flags, &block, &offset)
            block.put(scale, at: &offset)
            block.put(shift, at: &offset)
            if let clip { block.put([clip.lowerBound, clip.upperBound], at: &offset) }
        case .project(let mean, let components, let outputCount, let scale):
            let flags =
                (mean.isEmpty ? 0 : BlockLayout.hasFirst)
                | (scale.isEmpty ? 0 : BlockLayout.hasSecond)
            header(BlockLayout.project, inputCount, outputCount, flags, &block, &offset)
            block.put(mean, at: &offset)
            block.put(components, at: &offset)
            block.put(scale, at: &offset)
        }
    }

    private static func header(
        _ kind: UInt32,
        _ inputs: Int,
        _ outputs: Int,
        _ flags: UInt32,
        _ block: inout BlockWriter,
        _ offset: inout Int
    ) {
        block.put(kind, at: offset)
        block.put(UInt32(inputs), at: offset + 4)
        block.put(UInt32(outputs), at: offset + 8)
        block.put(flags, at: offset + 12)
        offset += BlockLayout.stepHeaderByteCount
    }
}
