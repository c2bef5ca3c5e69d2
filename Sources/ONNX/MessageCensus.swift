/// Counts the parts of a file before any of them is made, because a part of two bytes on disk
/// takes hundreds in memory.
struct MessageCensus {
    /// The messages of the format that hold others; every other field is plain.
    private enum Kind {
        case model, graph, node, attribute, tensor, sparse, valueInfo, type
        case tensorType, containerType, shape, function, other, plain

        /// What a field of this message holds.
        func field(_ number: UInt64) -> Kind {
            switch (self, number) {
            case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
            case (.model, 25): .function
            case (.graph, 1), (.function, 7): .node
            case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparse, 1), (.sparse, 2): .tensor
            case (.graph, 11), (.graph, 12), (.graph, 13), (.function, 12): .valueInfo
            case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparse
            case (.node, 5), (.function, 11): .attribute
            case (.valueInfo, 2), (.attribute, 14), (.attribute, 15), (.containerType, 1),
                (.containerType, 2):
                .type
            case (.type, 1), (.type, 8): .tensorType
            case (.type, 4), (.type, 5), (.type, 9): .containerType
            case (.tensorType, 2): .shape
            case (.model, 8), (.model, 14), (.model, 20), (.model, 26), (.graph, 14), (.graph, 16),
                (.node, 9), (.node, 10), (.tensor, 3), (.tensor, 13), (.tensor, 16),
                (.valueInfo, 4), (.function, 9), (.function, 14), (.shape, 1):
                .other
            default: .plain
            }
        }
    }

    private let bytes: [UInt8]
    private let limits: ONNXLimits
    private var messageCount = 0
    private var fieldCount = 0

    /// Counts a model file.
    ///
    /// - Throws: `ONNXError` if it has more parts or is nested deeper than the limits allow.
    static func check(_ bytes: [UInt8], _ limits: ONNXLimits) throws(ONNXError) {
        var census = MessageCensus(bytes: bytes, limits: limits)
        try census.visit(.model, 0..<bytes.count, depth: 0)
    }

    private init(bytes: [UInt8], limits: ONNXLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func visit(
        _ kind: Kind,
        _ range: Range<Int>,
        depth: Int
    ) throws(ONNXError) {
        guard depth <= limits.messageDepthMax else {
            throw ONNXError(.limit, "messages within messages deeper than the limit")
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let tag = try number(&position, range.upperBound)
            switch tag & 7 {
            case 0: _ = try number(&position, range.upperBound)
            case 1: position += 8
            case 5: position += 4
            case 2:
                let count = try number(&position, range.upperBound)
                guard count <= UInt64(range.upperBound - position) else { throw Self.cut }
                let end = position + Int(count)
                let inner = kind.field(tag >> 3)
                try tally(inner)
                if inner != .plain, inner != .other {
                    try visit(inner, position..<end, depth: depth + 1)
                }
                position = end
            default: throw Self.cut
            }
            guard position <= range.upperBound else { throw Self.cut }
        }
    }

    private mutating func tally(_ kind: Kind) throws(ONNXError) {
        fieldCount += 1
        if kind != .plain { messageCount += 1 }
        guard messageCount <= limits.messageCountMax, fieldCount <= limits.fieldCountMax else {
            throw ONNXError(
                .limit,
                "more than \(limits.messageCountMax) messages or \(limits.fieldCountMax) texts"
            )
        }
    }

    private func number(_ position: inout Int, _ end: Int) throws(ONNXError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard position < end else { throw Self.cut }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Self.cut
    }

    private static let cut = ONNXError(.damaged, "the bytes are no ONNX file, or are cut off")
}
