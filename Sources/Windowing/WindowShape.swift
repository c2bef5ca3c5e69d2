import Core

/// What of a definition its saved windows depend on.
struct WindowShape: Sendable, Equatable {
    /// 0 tumbling, 1 hopping, 2 session.
    let kind: UInt64
    /// The size, or the longest session.
    let size: Int64
    /// The slide or the gap; 0 for tumbling windows.
    let step: Int64
    let isPerDevice: Bool
    let hasSketches: Bool

    /// Whether windows of a saved shape are windows of this one.
    func continues(_ saved: WindowShape) -> Bool {
        kind == saved.kind && size == saved.size && step == saved.step
            && isPerDevice == saved.isPerDevice && (!hasSketches || saved.hasSketches)
    }

    /// Whether windows of both begin and end at the same times.
    func hasBounds(of other: WindowShape) -> Bool {
        kind == other.kind && size == other.size && step == other.step
    }

    /// The shape of a definition.
    init(_ definition: WindowDefinition) {
        size = definition.size.microseconds
        isPerDevice = definition.watermark == .device
        hasSketches = !definition.quantiles.isEmpty
        switch definition.kind {
        case .tumbling: (kind, step) = (0, 0)
        case .hopping(let slide): (kind, step) = (1, slide.microseconds)
        case .session(let gap, _): (kind, step) = (2, gap.microseconds)
        }
    }

    /// Reads a shape; version 1 knew tumbling windows only.
    init(_ reader: inout ByteReader, version: UInt64) throws {
        kind = version == 1 ? 0 : try reader.varint()
        size = try reader.signed()
        step = version == 1 ? 0 : try reader.signed()
        let scope = version == 1 ? 0 : try reader.varint()
        let sketches = version == 1 ? 0 : try reader.varint()
        isPerDevice = scope == 1
        hasSketches = sketches == 1
        guard kind <= 2, scope <= 1, sketches <= 1 else {
            throw ByteReader.damaged("a definition is not valid")
        }
    }
}
