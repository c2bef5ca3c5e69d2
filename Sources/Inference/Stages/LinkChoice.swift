internal import CVector

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How numbers, one a class, become a score and the index of a class; ties go to the first.
public enum LinkRule: UInt8, Sendable, CaseIterable {
    case maximum = 0
    /// The largest of the softmax; the class of the largest number.
    case softmax = 1
    /// The same, but numbers whose probabilities are equal count as equal (MLPClassifier).
    case probability = 2
    /// The largest logistic function divided by the sum of all (one-vs-rest).
    case logistic = 3
    /// The same with `(clip(z, -1, 1) + 1) / 2` (SGDClassifier's modified_huber).
    case huber = 4
    /// The logarithm of the sum of exponentials (a mixture's density).
    case logSum = 5
    /// The softmax of the second of two.
    case second = 6
    /// The second of two less the first.
    case difference = 7
    /// One number: its logistic function; the second class when that is above 1/2.
    case half = 8

    /// Numbers that a rule needs; nil when any count will do.
    public var classCount: Int? {
        switch self {
        case .second, .difference: 2
        case .half: 1
        default: nil
        }
    }
}

/// A score and the index of a class from numbers, one a class.
public struct LinkChoice: Stage {
    public static let code: UInt16 = 38
    public static let name = "choice"

    public var rule: LinkRule

    public init(_ rule: LinkRule) {
        self.rule = rule
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        if let count = rule.classCount, count != inputCount {
            throw .invalid("\(inputCount) numbers reach a choice among \(count)")
        }
        return 2
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(rule.rawValue))
    }

    public func reference(_ row: [Double]) -> [Double] {
        func first(of values: [Double]) -> Int {
            var best = 0
            for index in values.indices where values[index] > values[best] { best = index }
            return best
        }
        let label = first(of: row)
        let largest = row[label]
        let powers = row.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        func share(_ values: [Double]) -> Double {
            let total = values.reduce(0, +)
            return total == 0 ? 1 / Double(values.count) : values[first(of: values)] / total
        }
        switch rule {
        case .maximum: return [largest, Double(label)]
        case .softmax: return [1 / sum, Double(label)]
        case .probability: return [1 / sum, Double(first(of: powers))]
        case .logistic: return [share(row.map { 1 / (1 + exp(-$0)) }), Double(label)]
        case .huber:
            return [share(row.map { (max(-1, min(1, $0)) + 1) / 2 }), Double(label)]
        case .logSum: return [largest + log(sum), Double(label)]
        case .second: return [powers[1] / sum, Double(label)]
        case .difference: return [row[1] - row[0], Double(label)]
        case .half:
            let value = 1 / (1 + exp(-row[0]))
            return [value, value > 0.5 ? 1 : 0]
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { 2 }
        private let rule: UInt32
        private let classCount: Int

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let code = try reader.integer(UInt64.self)
            guard code < 256, let rule = LinkRule(rawValue: UInt8(code)),
                rule.classCount ?? inputCount == inputCount
            else { throw reader.corrupt("choice \(code) among \(inputCount) is not known") }
            self.rule = UInt32(code)
            classCount = inputCount
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(classCount) { scratch in
                _ = cvector_choose_as(
                    cvector_best_form(),
                    rule,
                    classCount,
                    rows.values,
                    rows.count,
                    scratch,
                    outputs
                )
            }
        }
    }
}
