import FoundationEssentials
import Inference
import ONNX
import Testing

/// The folder of generated cases, if there is one.
enum MLCaseFolder {
    static let path = ProcessInfo.processInfo.environment["FLEETSCORE_ONNX_MODEL_CASES"]
}

/// A number as the cases have it: JSON has no NaN and no infinity.
struct CaseNumber: Decodable, Sendable {
    let value: Double

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = try container.decode(Double.self)
        } catch DecodingError.typeMismatch {
            value = Double(try container.decode(String.self)) ?? .nan
        }
    }
}

/// A tensor of a case.
struct CaseTensor: Decodable, Sendable {
    let type: String
    let shape: [Int]
    let numbers: [Double]
    let texts: [String]

    private enum Keys: String, CodingKey { case type, shape, data }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        type = try fields.decode(String.self, forKey: .type)
        shape = try fields.decode([Int].self, forKey: .shape)
        texts = type == "string" ? try fields.decode([String].self, forKey: .data) : []
        numbers =
            type == "string"
            ? [] : try fields.decode([CaseNumber].self, forKey: .data).map(\.value)
    }

    func tensor() throws -> Tensor {
        switch type {
        case "float": try Tensor(shape: shape, .float(numbers.map { Float($0) }))
        case "double": try Tensor(shape: shape, .double(numbers))
        case "int64": try Tensor(shape: shape, .int64(numbers.map { Int64($0) }))
        case "int32": try Tensor(shape: shape, .int32(numbers.map { Int32($0) }))
        default: try Tensor(shape: shape, .string(texts))
        }
    }
}

/// One case of an operator.
struct MLOperatorCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let file: String
    let seed: Int
    let `operator`: String
    let oracles: [String]
    let inputs: [CaseTensor]
    let outputs: [CaseTensor]

    var testDescription: String { name }

    static func all() throws -> [MLOperatorCase] {
        guard let folder = MLCaseFolder.path else { return [] }
        let data = try Data(contentsOf: URL(filePath: folder + "/operators.json"))
        return try JSONDecoder().decode(List.self, from: data).cases
    }

    private struct List: Decodable { let cases: [MLOperatorCase] }
}

@Suite("operators of ai.onnx.ml against onnx.reference and ONNX Runtime")
struct MLOperatorCaseTests {
    @Test(
        "every generated case gives the expected outputs",
        .enabled(if: MLCaseFolder.path != nil, "FLEETSCORE_ONNX_MODEL_CASES names no folder")
    )
    func everyCase() throws {
        let folder = try #require(MLCaseFolder.path)
        let cases = try MLOperatorCase.all()
        #expect(!cases.isEmpty)
        for item in cases {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(item.file)")))
            let place = "\(item.name) (seed \(item.seed))"
            do {
                let model = try ONNXDecoder.decode(bytes, name: item.name)
                let results = try model.program.run(
                    try item.inputs.map { .tensor(try $0.tensor()) }
                )
                for (index, expected) in item.outputs.enumerated() {
                    let problem = difference(results[index], expected)
                    #expect(
                        problem == nil,
                        "\(place), \(item.oracles): output \(index): \(problem ?? "")"
                    )
                }
            } catch {
                Issue.record("\(place): \(error)")
            }
        }
    }

    private func difference(_ value: GraphValue, _ expected: CaseTensor) -> String? {
        guard case .tensor(let tensor) = value else { return "no tensor" }
        guard tensor.shape == expected.shape else {
            return "shape \(tensor.shape), not \(expected.shape)"
        }
        if case .string(let texts) = tensor.storage {
            return texts == expected.texts ? nil : "\(texts), not \(expected.texts)"
        }
        let numbers: [Double]
        switch tensor.storage {
        case .float(let values): numbers = values.map { Double($0) }
        case .double(let values): numbers = values
        case .int64(let values): numbers = values.map { Double($0) }
        case .int32(let values): numbers = values.map { Double($0) }
        default: return "type \(tensor.type.name)"
        }
        for (index, (a, b)) in zip(numbers, expected.numbers).enumerated() {
            let isSame =
                a == b || (a.isNaN && b.isNaN) || (a - b).magnitude <= 2e-6 + 2e-5 * b.magnitude
            if !isSame { return "element \(index) is \(a), not \(b)" }
        }
        return nil
    }
}
