import Foundation
import Inference
import ONNX

/// The standard's single-node cases, from a folder that the environment names.
enum ConformanceCases {
    static let folder = ProcessInfo.processInfo.environment["FLEETSCORE_ONNX_CASES"]

    /// One case: a model, and files of inputs and expected outputs.
    struct Case {
        let name: String
        let folder: String
        let model: [UInt8]
    }

    /// Why a case is not as expected.
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    /// The cases all of whose operators are registered.
    static func supported() throws -> [Case] {
        guard let folder else { return [] }
        let registered = Set(OperatorRegistry.names)
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().compactMap {
            name in
            let path = "\(folder)/\(name)/model.onnx"
            guard let model = FileManager.default.contents(atPath: path).map({ [UInt8]($0) })
            else { return nil }
            let operators = try ONNXDecoder.operators(in: model)
            guard operators.isSubset(of: registered) else { return nil }
            return Case(name: name, folder: "\(folder)/\(name)", model: model)
        }
    }

    /// Runs a case on all its data; throws if anything differs.
    static func run(_ test: Case) throws {
        let model = try ONNXDecoder.decode(test.model, name: "model")
        let encoded = try GraphProgram(decoding: model.program.encoded())
        guard encoded == model.program else {
            throw Mismatch(description: "decoding what was encoded gives another program")
        }
        for index in 0..<100 {
            let folder = "\(test.folder)/test_data_set_\(index)"
            guard FileManager.default.fileExists(atPath: folder) else { break }
            let inputs = try tensors("\(folder)/input_", model.program.inputs.count)
            let expected = try tensors("\(folder)/output_", model.program.outputs.count)
            let results = try encoded.run(inputs.map { .tensor($0) })
            for ((result, tensor), port) in zip(zip(results, expected), model.program.outputs) {
                guard case .tensor(let result) = result else {
                    throw Mismatch(description: "\(port.name) is no tensor")
                }
                if let difference = Closeness.difference(result, tensor) {
                    throw Mismatch(description: "\(port.name): \(difference)")
                }
            }
        }
    }

    private static func tensors(_ prefix: String, _ count: Int) throws -> [Tensor] {
        try (0..<count).map { index in
            guard let data = FileManager.default.contents(atPath: "\(prefix)\(index).pb") else {
                throw Mismatch(description: "\(prefix)\(index).pb is missing")
            }
            return try ONNXDecoder.decodeTensor([UInt8](data))
        }
    }

    /// Patterns of case names with their reasons, from the file beside this one.
    static func skipped() throws -> [(pattern: String, reason: String)] {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "skipped-cases.txt")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { line in
                let parts = line.split(separator: ": ", maxSplits: 1)
                guard parts.count == 2 else {
                    throw Mismatch(description: "'\(line)' is no `name: reason`")
                }
                return (String(parts[0]), String(parts[1]))
            }
    }

    /// Whether a name fits a pattern, in which `*` stands for anything.
    static func fits(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(first) else { return false }
        var rest = name.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
