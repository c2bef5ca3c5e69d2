import Core
import Fleets
import Packs
import Scoring
import Wire

/// The rows of a one-shot run, from a table of readings or of features.
struct ScoreInput {
    /// Distinct keys of the data, ascending.
    let keys: [SeriesKey]
    let rejected: [RejectedEvent]
    let rejectedCount: Int
    /// The readings, when the data has single readings.
    let readings: ReadingRows?
    private let table: FeatureBatch?

    /// Reads a CSV or Parquet file.
    ///
    /// - Throws: ``FleetError`` naming the file.
    static func read(
        _ file: MappedFile,
        name: String,
        options: DecodeOptions,
        perDevice: Bool,
        keepsInputOrder: Bool
    ) async throws -> ScoreInput {
        guard !file.bytes.isEmpty else {
            throw FleetError(.invalidArgument, "cannot read \(name): it is empty")
        }
        if FeatureParquet.isParquet(file.bytes) {
            let batch = try FeatureParquet.decode(file.bytes, name: name, perDevice: perDevice)
            return ScoreInput(table: batch, rejected: [], rejectedCount: 0)
        }
        let header =
            keepsInputOrder
            ? nil
            : try Files.naming(name) {
                try FeatureHeader.parse(file.bytes, options: options, perDevice: perDevice)
            }
        if let header {
            let table = try await FeatureDecoder.decode(
                file.bytes,
                header: header,
                options: options,
                workerCount: Machine.coreCount
            )
            let (rejected, count) = (table.rejected, table.rejectedCount)
            return ScoreInput(table: table.batch(), rejected: rejected, rejectedCount: count)
        }
        let table = try Files.naming(name) {
            try ReadingDecoder.decode(csv: file.bytes, options: options)
        }
        return ScoreInput(
            readings: ReadingRows(
                table,
                perDevice: perDevice,
                keepsInputOrder: keepsInputOrder
            ),
            rejected: table.rejected,
            rejectedCount: table.rejectedCount
        )
    }

    private init(readings: ReadingRows, rejected: [RejectedEvent], rejectedCount: Int) {
        keys = readings.keys
        self.rejected = rejected
        self.rejectedCount = rejectedCount
        self.readings = readings
        table = nil
    }

    private init(table: FeatureBatch, rejected: [RejectedEvent], rejectedCount: Int) {
        keys = table.keys
        self.rejected = rejected
        self.rejectedCount = rejectedCount
        readings = nil
        self.table = table
    }

    /// The rows to score; columns in the order of the models' own feature names, if the data has
    /// them all.
    func features(named names: [String]?) -> FeatureBatch {
        guard let table else {
            return readings?.features(named: names) ?? FeatureBatch(featureNames: [])
        }
        guard let names, names != table.featureNames else { return table }
        let columns = names.compactMap { table.featureNames.firstIndex(of: $0) }
        guard columns.count == names.count else { return table }
        var result = table
        result.featureNames = names
        result.values = []
        result.values.reserveCapacity(table.count * columns.count)
        for row in 0..<table.count {
            for column in columns {
                result.values.append(table.values[row * table.featureCount + column])
            }
        }
        return result
    }
}
