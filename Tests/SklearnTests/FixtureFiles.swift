import Glibc
import Inference
import Sklearn

/// A failure to reach test data, which fails the test that asked.
struct MissingFile: Error {
    var path: String
}

/// Reads a whole file.
func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw MissingFile(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
        bytes.append(contentsOf: chunk.prefix(count))
    }
    return bytes
}

/// The names of the files in a folder, sorted; empty when there is no such folder.
func listFolder(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// The fixture folders, one per scikit-learn version.
enum Fixtures {
    static let folder =
        #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        + "/Fixtures"

    static let versions = listFolder(folder).filter { $0.hasPrefix("sklearn-") }

    /// One row of `expected.csv`: what scikit-learn itself said.
    struct ExpectedRow {
        var model: String
        var label: Int
        var decision: Double
        var features: [Double]
    }

    static func expectedRows(_ version: String) throws -> [ExpectedRow] {
        let bytes = try readFile("\(folder)/\(version)/expected.csv")
        return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map {
            let fields = $0.split(separator: ",")
            guard fields.count >= 4, let label = Int(fields[1]), let decision = Double(fields[2])
            else { throw MissingFile(path: "expected.csv row \($0)") }
            return ExpectedRow(
                model: String(fields[0]),
                label: label,
                decision: decision,
                features: fields.dropFirst(3).compactMap { Double($0) }
            )
        }
    }
}

/// The 15 models of the published reference implementation, where they are at hand.
enum ReferenceModels {
    static let folder: String = {
        if let shared = getenv("FLEETSCORE_SHARED") {
            return String(cString: shared) + "/data/reference/models"
        }
        let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        return root + "/../shared/data/reference/models"
    }()

    static let names = listFolder(folder).filter { $0.hasPrefix("model_") }
    static let arePresent = !names.isEmpty
}

/// Decodes bytes as a caller of the library does.
func decode(_ bytes: [UInt8], name: String = "model") throws(SklearnError) -> ModelParameters {
    try bytes.withUnsafeBytes { buffer in
        Result { () throws(SklearnError) in try SklearnDecoder.decode(buffer, name: name) }
    }.get()
}

extension ModelParameters {
    /// The stages before the last one.
    var steps: [any Stage] { Array(stages.dropLast()) }
    /// The machine at the end; nil when the model ends otherwise.
    var svm: SupportVectorMachine? { stages.last as? SupportVectorMachine }
}

/// The decision value of a row, in plain scalar arithmetic.
func decision(_ model: ModelParameters, _ row: [Double]) -> Double {
    var values = row
    for step in model.steps {
        if let step = step as? Standardize {
            for index in values.indices {
                if !step.center.isEmpty { values[index] -= step.center[index] }
                if !step.scale.isEmpty { values[index] /= step.scale[index] }
            }
        } else if let step = step as? Rescale {
            for index in values.indices {
                values[index] = values[index] * step.scale[index] + step.offset[index]
                if let clip = step.clip {
                    values[index] = min(max(values[index], clip.lowerBound), clip.upperBound)
                }
            }
        } else if let step = step as? Project {
            if !step.mean.isEmpty {
                for index in values.indices { values[index] -= step.mean[index] }
            }
            values = (0..<step.outputCount).map { output in
                let sum = values.indices.reduce(0.0) {
                    $0 + step.components[output * values.count + $1] * values[$1]
                }
                return step.scale.isEmpty ? sum : sum / step.scale[output]
            }
        } else {
            return .nan
        }
    }
    guard let svm = model.svm else { return .nan }
    var sum = svm.intercept
    for (index, coefficient) in svm.dualCoefficients.enumerated() {
        let start = index * values.count
        let vector = svm.supportVectors[start..<start + values.count]
        sum += coefficient * kernel(svm, Array(vector), values)
    }
    return sum
}

private func kernel(_ svm: SupportVectorMachine, _ a: [Double], _ b: [Double]) -> Double {
    let dot = zip(a, b).reduce(0.0) { $0 + $1.0 * $1.1 }
    let squares = zip(a, b).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return switch svm.kernel {
    case .linear: dot
    case .polynomial: pow(svm.gamma * dot + svm.coef0, Double(svm.degree))
    case .rbf: exp(-svm.gamma * squares)
    case .sigmoid: tanh(svm.gamma * dot + svm.coef0)
    }
}
