internal import FoundationEssentials
internal import Inference

/// The JSON of descriptions and findings in a pack.
///
/// Written by hand, because a pack is written with one description a model and a general encoder
/// would take most of that time; read with the general decoder.
enum PackText {
    static func encode(_ description: ModelDescription) -> [UInt8] {
        var json = JSONText()
        json.field("type", description.type)
        json.field("source", description.source)
        json.field("featureCount", number: "\(description.featureCount)")
        if let names = description.featureNames { json.field("featureNames", names) }
        json.field("stepNames", description.stepNames)
        json.field("kernel", description.kernel)
        json.field("gamma", number: "\(description.gamma)")
        json.field("coef0", number: "\(description.coef0)")
        json.field("degree", number: "\(description.degree)")
        json.field("supportVectorCount", number: "\(description.supportVectorCount)")
        json.field("intercept", number: "\(description.intercept)")
        if let nu = description.nu { json.field("nu", number: "\(nu)") }
        if let rows = description.trainingRowCount {
            json.field("trainingRowCount", number: "\(rows)")
        }
        json.field("byteCount", number: "\(description.byteCount)")
        return json.closed()
    }

    /// The JSON array of findings; no bytes at all when there are none.
    static func encode(_ findings: [ModelFinding]) -> [UInt8] {
        guard !findings.isEmpty else { return [] }
        var bytes = Array("[".utf8)
        for (index, finding) in findings.enumerated() {
            if index > 0 { bytes += Array(",".utf8) }
            var json = JSONText()
            json.field("severity", finding.severity.rawValue)
            json.field("code", finding.code)
            json.field("message", finding.message)
            bytes += json.closed()
        }
        return bytes + Array("]".utf8)
    }

    static func decodeDescription(_ bytes: UnsafeRawBufferPointer) throws -> ModelDescription {
        try JSONDecoder().decode(ModelDescription.self, from: Data(bytes))
    }

    static func decodeFindings(_ bytes: UnsafeRawBufferPointer) throws -> [ModelFinding] {
        guard !bytes.isEmpty else { return [] }
        return try JSONDecoder().decode([ModelFinding].self, from: Data(bytes))
    }
}

/// A JSON object being written.
private struct JSONText {
    private var bytes: [UInt8] = Array("{".utf8)

    mutating func field(_ name: StaticString, number: String) {
        begin(name)
        bytes += Array(number.utf8)
    }

    mutating func field(_ name: StaticString, _ text: String) {
        begin(name)
        append(text)
    }

    mutating func field(_ name: StaticString, _ texts: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(text)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    consuming func closed() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        append(name.description)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: String) {
        let hex = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                bytes += [0x5C, byte]
            case 0..<0x20:
                bytes += Array("\\u00".utf8)
                bytes += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
