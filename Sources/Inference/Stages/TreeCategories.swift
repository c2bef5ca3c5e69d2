/// Puts the index of a category in place of the category; one that is not listed becomes missing.
public struct NumberCategories: Stage {
    public static let code: UInt16 = 17
    public static let name = "number_categories"

    /// Ascending categories of each column; nil for a column that stays as it is.
    ///
    /// A missing value at the end stays a missing value.
    public var categories: [[Double]?]

    public init(categories: [[Double]?]) {
        self.categories = categories.map { $0.map { list in list.filter { !$0.isNaN } } }
    }

    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard categories.count == inputCount else {
            throw .invalid("categories of \(categories.count) columns for \(inputCount)")
        }
        for list in categories {
            guard let list else { continue }
            try StageCheck.vector(list, list.count, "categories")
            for index in list.indices.dropFirst() where !(list[index - 1] < list[index]) {
                throw .invalid("the categories are not in ascending order")
            }
        }
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        for list in categories { writer.put(list.map { UInt32($0.count) } ?? UInt32.max) }
        writer.align(to: 8)
        for case let list? in categories { writer.put(list) }
    }

    public func reference(_ row: [Double]) -> [Double] {
        zip(row, categories).map { value, list in
            guard let list else { return value }
            return list.firstIndex(of: value).map { Double($0) } ?? .nan
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let counts: UnsafePointer<UInt32>
        private let values: UnsafePointer<Double>
        private let valueCount: Int

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            counts = try reader.uint32s(inputCount)
            var total = 0
            for column in 0..<inputCount where counts[column] != .max {
                total += Int(counts[column])
            }
            try reader.align(to: 8)
            valueCount = total
            values = try reader.doubles(total)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* outputCount
                let output = outputs + row &* outputCount
                var first = 0
                for column in 0..<outputCount {
                    let count = counts[column]
                    guard count != .max else {
                        output[column] = input[column]
                        continue
                    }
                    // Bytes that change while scoring may not lead outside.
                    let end = min(first + Int(count), valueCount)
                    output[column] = index(of: input[column], min(first, end), end)
                    first = end
                }
            }
        }

        /// The place of a value among ascending ones; NaN when it is not there.
        private func index(of value: Double, _ first: Int, _ end: Int) -> Double {
            var (low, high) = (first, end)
            while low < high {
                let middle = (low + high) / 2
                if values[middle] < value { low = middle + 1 } else { high = middle }
            }
            return low < end && values[low] == value ? Double(low - first) : .nan
        }
    }
}
