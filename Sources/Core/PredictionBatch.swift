/// How an item, or one of its windows, ended.
///
/// The order is that of DESIGN: an item takes the worst status of its windows.
public enum ItemStatus: String, Sendable, Codable, CaseIterable, Comparable {
    case quarantined
    case timedOut = "timed_out"
    case failed
    case noData = "no_data"
    case noModel = "no_model"
    case scored

    /// 0 is the worst.
    public var rank: UInt8 {
        switch self {
        case .quarantined: 0
        case .timedOut: 1
        case .failed: 2
        case .noData: 3
        case .noModel: 4
        case .scored: 5
        }
    }

    public init?(rank: UInt8) {
        guard let status = Self.allCases.first(where: { $0.rank == rank }) else { return nil }
        self = status
    }

    /// Whether the status counts toward `failed_items`.
    public var isFailure: Bool { rank <= Self.failed.rank }

    public static func < (left: ItemStatus, right: ItemStatus) -> Bool {
        left.rank < right.rank
    }
}

/// Scored windows as columns; row i of every column belongs together.
///
/// - Shape: `features` is `[count, featureCount]`, row-major.
public struct PredictionBatch: Sendable {
    public var featureNames: [String]
    public var keys: [SeriesKey]
    public var keyIndex: [UInt32]
    public var starts: [Int64]
    public var ends: [Int64]
    public var features: [Double]
    public var statuses: [ItemStatus]
    /// The model's own decision value; NaN (null outside) unless the row is scored.
    public var scores: [Double]
    /// 1 anomaly, 0 normal, -1 null.
    public var anomalies: [Int8]
    public var thresholds: [Double]
    /// Per key: the hex SHA-256 of the model that scored it, nil without a model.
    public var modelDigests: [String?]
    public var coverages: [Double]
    /// Per row the place of its label in ``labels``, -1 for none; empty when no row has one.
    public var labelIndex: [Int32] = []
    /// The classes or clusters that rows were given.
    public var labels: [String] = []

    public init(featureNames: [String]) {
        self.featureNames = featureNames
        keys = []
        keyIndex = []
        starts = []
        ends = []
        features = []
        statuses = []
        scores = []
        anomalies = []
        thresholds = []
        modelDigests = []
        coverages = []
    }

    public var count: Int { ends.count }
    public var featureCount: Int { featureNames.count }

    /// The class or cluster of a row; nil when its model gives none.
    public func label(of row: Int) -> String? {
        guard row < labelIndex.count, labelIndex[row] >= 0 else { return nil }
        return labels[Int(labelIndex[row])]
    }
}

/// The answer for one item of a run.
public struct ItemOutcome: Sendable, Codable, Equatable {
    public let key: SeriesKey
    public let status: ItemStatus
    /// Windows of the item in the interval.
    public let rowCount: Int
    public let anomalyCount: Int
    /// Why it was not scored, one line; nil when scored.
    public let reason: String?

    public init(
        key: SeriesKey,
        status: ItemStatus,
        rowCount: Int,
        anomalyCount: Int,
        reason: String?
    ) {
        self.key = key
        self.status = status
        self.rowCount = rowCount
        self.anomalyCount = anomalyCount
        self.reason = reason
    }
}

/// How many items ended in each status; every status is always present.
public struct StatusCounts: Sendable, Equatable {
    /// By rank.
    private var counts = (0, 0, 0, 0, 0, 0)

    public init() {}

    public subscript(_ status: ItemStatus) -> Int {
        get {
            switch status {
            case .quarantined: counts.0
            case .timedOut: counts.1
            case .failed: counts.2
            case .noData: counts.3
            case .noModel: counts.4
            case .scored: counts.5
            }
        }
        set {
            switch status {
            case .quarantined: counts.0 = newValue
            case .timedOut: counts.1 = newValue
            case .failed: counts.2 = newValue
            case .noData: counts.3 = newValue
            case .noModel: counts.4 = newValue
            case .scored: counts.5 = newValue
            }
        }
    }

    public static func == (left: StatusCounts, right: StatusCounts) -> Bool {
        left.counts == right.counts
    }

    public var total: Int { ItemStatus.allCases.reduce(0) { $0 + self[$1] } }
    public var failures: Int { ItemStatus.allCases.filter(\.isFailure).reduce(0) { $0 + self[$1] } }

    public static func + (left: StatusCounts, right: StatusCounts) -> StatusCounts {
        var sum = left
        for status in ItemStatus.allCases { sum[status] += right[status] }
        return sum
    }
}

extension StatusCounts: Codable {
    public init(from decoder: any Decoder) throws {
        let values = try decoder.singleValueContainer().decode([String: Int].self)
        for (name, value) in values {
            guard let status = ItemStatus(rawValue: name) else { continue }
            self[status] = value
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let pairs = ItemStatus.allCases.map { ($0.rawValue, self[$0]) }
        try container.encode(Dictionary(uniqueKeysWithValues: pairs))
    }
}
