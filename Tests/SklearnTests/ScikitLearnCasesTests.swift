import FoundationEssentials
import Inference
import Sklearn
import Testing

/// Models that scikit-learn fitted, in all its versions that install here, and what it says of
/// rows; written by `python -m Cases` of this folder.
@Suite("Answers of scikit-learn itself")
struct ScikitLearnCasesTests {
    static let folder = ProcessInfo.processInfo.environment["FLEETSCORE_MODEL_CASES"]
    static let versions = caseVersions()

    @Test(
        "Scores, labels and anomalies are scikit-learn's",
        .enabled(
            if: folder != nil,
            "needs the models that scikit-learn writes: run `make test`"
        ),
        arguments: versions
    )
    func answers(_ version: String) throws {
        let folder = try #require(Self.folder)
        let text = try String(contentsOfFile: "\(folder)/\(version)/cases.jsonl", encoding: .utf8)
        var count = 0
        for line in text.split(separator: "\n") {
            let record = try JSONDecoder().decode(CaseRecord.self, from: Data(line.utf8))
            let bytes = try Data(
                contentsOf: URL(fileURLWithPath: "\(folder)/\(version)/\(record.file)")
            )
            count += 1
            if let problem = record.problem(with: Array(bytes)) {
                Issue.record("scikit-learn \(version), \(record.title): \(problem)")
            }
        }
        #expect(count > 100, "scikit-learn \(version) wrote only \(count) cases")
    }

    private static func caseVersions() -> [String] {
        guard let folder else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { !$0.hasSuffix(".stamp") }.sorted()
        } catch {
            return ["none in \(folder)"]
        }
    }
}

/// One line of `cases.jsonl`.
private struct CaseRecord: Decodable {
    let name: String
    let family: String
    let seed: Int
    let file: String
    let saved: String
    let columns: Int
    let rows: String
    let scores: String
    let scales: String
    let labels: [String]?
    let anomalies: [Bool]?

    var title: String { "\(family): \(name) (seed \(seed), \(file), \(saved))" }

    /// What differs from scikit-learn's answers; nil when nothing does.
    func problem(with bytes: [UInt8]) -> String? {
        do {
            return try compare(bytes)
        } catch {
            return "\(error)"
        }
    }

    private func compare(_ bytes: [UInt8]) throws -> String? {
        let model = try bytes.withUnsafeBytes { try SklearnDecoder.decode($0, name: file) }
        guard model.featureCount == columns else {
            return "\(model.featureCount) features where \(columns) belong"
        }
        let block = try ModelEncoder.encode(model)
        let rows = try #require(Self.doubles(rows))
        let expected = try #require(Self.doubles(scores))
        let scales = try #require(Self.doubles(scales))
        var given = Array(repeating: 0.0, count: expected.count)
        var flags = Array(repeating: Int8(0), count: expected.count)
        var indexes = Array(repeating: Int32(0), count: expected.count)
        var texts: [String?] = []
        try block.withUnsafeBytes { block in
            let view = try ModelView(validating: block)
            var scratch = ScoringScratch()
            try rows.withUnsafeBufferPointer { rows in
                try given.withUnsafeMutableBufferPointer { scores in
                    try flags.withUnsafeMutableBufferPointer { anomalies in
                        try indexes.withUnsafeMutableBufferPointer { labels in
                            try view.score(
                                rows: rows,
                                rowCount: expected.count,
                                scratch: &scratch,
                                scores: scores,
                                anomalies: anomalies,
                                labels: labels
                            )
                        }
                    }
                }
            }
            texts = indexes.map { view.label(at: Int($0)) }
        }
        for row in expected.indices {
            if expected[row].isNaN {
                guard given[row].isNaN else { return "row \(row) has to fail, got \(given[row])" }
                continue
            }
            let difference = (given[row] - expected[row]).magnitude
            guard difference <= 1e-9 * scales[row] else {
                return "row \(row) scores \(given[row]), scikit-learn says \(expected[row])"
            }
            if let labels, texts[row] != labels[row] {
                return "row \(row) is \(texts[row] ?? "nothing"), scikit-learn says \(labels[row])"
            }
            if let anomalies, flags[row] != (anomalies[row] ? 1 : 0) {
                return "row \(row) has anomaly \(flags[row]) at \(given[row])"
            }
        }
        return nil
    }

    private static func doubles(_ hex: String) -> [Double]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 16) else { return nil }
        return stride(from: 0, to: digits.count, by: 16).map { start in
            var bits: UInt64 = 0
            for digit in digits[start..<start + 16] {
                bits = bits << 4 | UInt64(digit <= 0x39 ? digit - 0x30 : digit - 0x57)
            }
            return Double(bitPattern: bits)
        }
    }
}
