/// One packed preprocessing step, read in place.
struct StepView {
    let kind: UInt32
    let inputCount: Int
    let outputCount: Int
    /// Where the next step begins.
    let end: Int
    private let first: UnsafePointer<Double>?
    private let second: UnsafePointer<Double>?
    /// The components of a projection, the two bounds of a clip.
    private let third: UnsafePointer<Double>?

    /// Reads the step at an offset; nil when it does not lie in the bytes or expects other columns.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int, limit: Int, columns: Int) {
        guard let base = bytes.baseAddress, limit <= bytes.count, offset >= 0,
            offset <= limit - BlockLayout.stepHeaderByteCount
        else { return nil }
        kind = bytes.integer(at: offset, as: UInt32.self)
        inputCount = Int(bytes.integer(at: offset + 4, as: UInt32.self))
        outputCount = Int(bytes.integer(at: offset + 8, as: UInt32.self))
        let flags = bytes.integer(at: offset + 12, as: UInt32.self)
        guard inputCount == columns, (1...ModelLimits.featureCountMax).contains(outputCount),
            kind <= BlockLayout.project, flags <= 7,
            kind == BlockLayout.project || outputCount == inputCount
        else { return nil }
        var next = offset + BlockLayout.stepHeaderByteCount
        func take(_ count: Int, if present: Bool) -> UnsafePointer<Double>? {
            guard present else { return nil }
            let pointer = (base + next).assumingMemoryBound(to: Double.self)
            next += count * 8
            return next <= limit ? pointer : nil
        }
        let isProjection = kind == BlockLayout.project
        let hasFirst = flags & BlockLayout.hasFirst != 0
        let hasSecond = flags & BlockLayout.hasSecond != 0
        let hasThird = isProjection || flags & BlockLayout.hasClip != 0
        first = take(inputCount, if: hasFirst)
        // A projection's components come before its scale.
        if isProjection {
            third = take(inputCount * outputCount, if: true)
            second = take(outputCount, if: hasSecond)
        } else {
            second = take(inputCount, if: hasSecond)
            third = take(2, if: hasThird)
        }
        guard next <= limit else { return nil }
        if kind == BlockLayout.rescale, !(hasFirst && hasSecond) { return nil }
        if kind == BlockLayout.standardize, hasThird { return nil }
        if isProjection, flags & BlockLayout.hasClip != 0 { return nil }
        end = next
    }

    /// Whether the step overwrites its rows instead of writing elsewhere.
    var isInPlace: Bool { kind != BlockLayout.project }

    /// Applies a standardize or rescale step to rows.
    func apply(inPlace rows: UnsafeMutablePointer<Double>, rowCount: Int) {
        for row in 0..<rowCount {
            let values = rows + row &* inputCount
            if kind == BlockLayout.standardize {
                standardize(values)
            } else {
                rescale(values)
            }
        }
    }

    /// Applies a projection: rows of inputs to rows of outputs.
    func project(
        _ rows: UnsafeMutablePointer<Double>,
        rowCount: Int,
        to outputs: UnsafeMutablePointer<Double>
    ) {
        guard let components = third else { return }
        for row in 0..<rowCount {
            let input = rows + row &* inputCount
            let output = outputs + row &* outputCount
            if let mean = first {
                for column in 0..<inputCount { input[column] -= mean[column] }
            }
            for index in 0..<outputCount {
                let weights = components + index &* inputCount
                var sum = 0.0
                for column in 0..<inputCount { sum += input[column] * weights[column] }
                output[index] = second.map { sum / $0[index] } ?? sum
            }
        }
    }

    private func standardize(_ values: UnsafeMutablePointer<Double>) {
        if let center = first {
            for column in 0..<inputCount { values[column] -= center[column] }
        }
        if let scale = second {
            for column in 0..<inputCount { values[column] /= scale[column] }
        }
    }

    private func rescale(_ values: UnsafeMutablePointer<Double>) {
        guard let scale = first, let offset = second else { return }
        for column in 0..<inputCount {
            values[column] = values[column] * scale[column] + offset[column]
        }
        guard let clip = third else { return }
        for column in 0..<inputCount {
            let raised = values[column] < clip[0] ? clip[0] : values[column]
            values[column] = raised > clip[1] ? clip[1] : raised
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian integer at an offset that is known to lie inside.
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Value.Type
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The double at an offset that is known to lie inside.
    func double(at offset: Int) -> Double {
        Double(bitPattern: integer(at: offset, as: UInt64.self))
    }
}
