/// The rows that models score, sorted by key, then by window end.
///
/// - Shape: `values` is `[count, featureCount]`, row-major; NaN marks a missing feature.
/// - Units: starts and ends are microseconds since the epoch; coverage is 0...1, NaN if unknown.
public struct FeatureBatch: Sendable {
    public var featureNames: [String]
    /// The distinct keys, ascending.
    public var keys: [SeriesKey]
    /// Per key: its first row; one more entry than keys, the last being the row count.
    public var rowOffsets: [Int]
    public var starts: [Int64]
    public var ends: [Int64]
    public var values: [Double]
    public var coverages: [Double]

    public init(featureNames: [String]) {
        self.featureNames = featureNames
        keys = []
        rowOffsets = [0]
        starts = []
        ends = []
        values = []
        coverages = []
    }

    public var featureCount: Int { featureNames.count }
    public var count: Int { ends.count }
    public var isEmpty: Bool { ends.isEmpty }

    /// The rows of the key at an index.
    public func rows(of keyIndex: Int) -> Range<Int> {
        rowOffsets[keyIndex]..<rowOffsets[keyIndex + 1]
    }

    /// Appends a row; its key must be the last key or a greater one.
    public mutating func append(
        _ key: SeriesKey,
        start: Int64,
        end: Int64,
        features: some Sequence<Double>,
        coverage: Double = .nan
    ) {
        if keys.last != key {
            precondition(keys.last.map { $0 < key } ?? true, "feature rows are sorted by key")
            keys.append(key)
            rowOffsets.append(count)
        }
        starts.append(start)
        ends.append(end)
        values.append(contentsOf: features)
        coverages.append(coverage)
        rowOffsets[keys.count] = count
    }
}
