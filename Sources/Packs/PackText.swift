internal import Inference

/// The bytes of descriptions, training facts and findings in a pack.
///
/// A number is 4 or 8 bytes, a text its byte count in 4 bytes and its UTF-8. What most models of a
/// fleet share is one text, so that it is stored once; training facts are another.
enum PackText {
    /// Everything of a description but its facts and the size of its numbers.
    static func append(_ description: ModelDescription, to bytes: inout [UInt8]) {
        append(description.type, to: &bytes)
        append(description.source, to: &bytes)
        bytes.append(UInt64(clamping: description.featureCount))
        bytes.append(UInt8(description.featureNames == nil ? 0 : 1))
        append(description.featureNames ?? [], to: &bytes)
        append(description.stageNames, to: &bytes)
    }

    /// Names and values; nothing at all when there are none.
    static func append(_ facts: [ModelFact], to bytes: inout [UInt8]) {
        guard !facts.isEmpty else { return }
        bytes.append(UInt32(clamping: facts.count))
        for fact in facts {
            append(fact.name, to: &bytes)
            append(fact.value, to: &bytes)
        }
    }

    /// Severity, code and message of each; nothing at all when there are none.
    static func append(_ findings: [ModelFinding], to bytes: inout [UInt8]) {
        guard !findings.isEmpty else { return }
        bytes.append(UInt32(clamping: findings.count))
        for finding in findings {
            bytes.append(UInt8(finding.severity == .error ? 1 : 0))
            append(finding.code, to: &bytes)
            append(finding.message, to: &bytes)
        }
    }

    static func append(_ text: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(UInt32(0))
        bytes.append(contentsOf: text.utf8)
        let count = UInt32(clamping: bytes.count - start - 4)
        for byte in 0..<4 { bytes[start + byte] = UInt8(truncatingIfNeeded: count >> (8 * byte)) }
    }

    private static func append(_ texts: [String], to bytes: inout [UInt8]) {
        bytes.append(UInt32(clamping: texts.count))
        for text in texts { append(text, to: &bytes) }
    }

    /// Puts a description together; nil when the bytes are not one.
    static func description(
        _ shared: UnsafeRawBufferPointer,
        facts: UnsafeRawBufferPointer,
        byteCount: Int
    ) -> ModelDescription? {
        var cursor = TextCursor(shared)
        guard let type = cursor.text(), let source = cursor.text(),
            let featureCount = cursor.number(UInt64.self).flatMap({ Int(exactly: $0) }),
            let hasNames = cursor.number(UInt8.self), hasNames <= 1,
            let featureNames = cursor.texts(), let stageNames = cursor.texts(),
            cursor.isAtEnd, let facts = Self.facts(facts)
        else { return nil }
        var description = ModelDescription(undecodable: source)
        description.type = type
        description.featureCount = featureCount
        description.featureNames = hasNames == 1 ? featureNames : nil
        description.stageNames = stageNames
        description.facts = facts
        description.byteCount = byteCount
        return description
    }

    private static func facts(_ bytes: UnsafeRawBufferPointer) -> [ModelFact]? {
        guard !bytes.isEmpty else { return [] }
        var cursor = TextCursor(bytes)
        guard let count = cursor.count(itemByteCountMin: 8) else { return nil }
        var facts: [ModelFact] = []
        facts.reserveCapacity(count)
        for _ in 0..<count {
            guard let name = cursor.text(), let value = cursor.text() else { return nil }
            facts.append(ModelFact(name, value))
        }
        return cursor.isAtEnd ? facts : nil
    }

    static func findings(_ bytes: UnsafeRawBufferPointer) -> [ModelFinding]? {
        guard !bytes.isEmpty else { return [] }
        var cursor = TextCursor(bytes)
        guard let count = cursor.count(itemByteCountMin: 9) else { return nil }
        var findings: [ModelFinding] = []
        findings.reserveCapacity(count)
        for _ in 0..<count {
            guard let isError = cursor.number(UInt8.self), isError <= 1,
                let code = cursor.text(), let message = cursor.text()
            else { return nil }
            findings.append(ModelFinding(isError == 1 ? .error : .warning, code: code, message))
        }
        return cursor.isAtEnd ? findings : nil
    }
}

/// Reads numbers and texts one after another, nil when the bytes end too early.
struct TextCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func number<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Value? {
        guard bytes.count - offset >= MemoryLayout<Value>.size else { return nil }
        defer { offset += MemoryLayout<Value>.size }
        return bytes.integer(at: offset, as: type)
    }

    /// A count of things that take some bytes each, nil when they cannot all be there.
    mutating func count(itemByteCountMin: Int) -> Int? {
        guard let value = number(UInt32.self),
            Int(value) <= (bytes.count - offset) / itemByteCountMin
        else { return nil }
        return Int(value)
    }

    mutating func raw(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, bytes.count - offset >= count else { return nil }
        defer { offset += count }
        return bytes.part(offset, count)
    }

    mutating func text() -> String? {
        guard let count = count(itemByteCountMin: 1), let bytes = raw(count) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    mutating func texts() -> [String]? {
        guard let count = count(itemByteCountMin: 4) else { return nil }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count {
            guard let text = text() else { return nil }
            texts.append(text)
        }
        return texts
    }
}
