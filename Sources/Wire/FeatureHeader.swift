internal import Core

/// What the columns of a feature table mean.
///
/// `device`, `sensor` and `time` (or `window_start` and `window_end`) by name, `coverage` and
/// columns without a name are left out, and every other column is a feature.
public struct FeatureHeader: Sendable {
    public let featureNames: [String]
    let line: CSVHeaderLine
    let device: Int?
    let sensor: Int?
    let start: Int?
    let end: Int
    let features: [Int]

    /// The header of a feature table; nil when the table is one of single readings.
    ///
    /// A table with a value column and a sensor column has readings. One without either has a
    /// sensor a column, which is the same as features when its models are those of devices.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the table is empty, not UTF-8, lacks a
    ///   renamed column or has no column to score.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer,
        options: DecodeOptions,
        perDevice: Bool
    ) throws -> FeatureHeader? {
        let line = try CSVHeaderLine.parse(bytes)
        let roles = HeaderRoles(columns: line.columns, renamed: try options.renamedRoles())
        let sensor = try roles.find(.sensor)
        let value = try roles.find(.value)
        let windowEnd = line.columns.firstIndex { $0.lowercased() == "window_end" }
        let windowStart = line.columns.firstIndex { $0.lowercased() == "window_start" }
        if sensor != nil, value != nil, windowEnd == nil { return nil }
        guard perDevice || sensor != nil || windowEnd != nil else { return nil }
        let time = try roles.find(.time)
        guard let end = windowEnd ?? time else { throw roles.missing(.time) }
        let device = try roles.find(.device)
        let others = [device, sensor, windowStart, windowEnd, time].compactMap(\.self)
        let features = line.columns.indices.filter { index in
            !others.contains(index) && !line.columns[index].isEmpty
                && line.columns[index].lowercased() != "coverage"
        }
        guard !features.isEmpty else { throw roles.missing(.value) }
        return FeatureHeader(
            featureNames: features.map { line.columns[$0] },
            line: line,
            device: device,
            sensor: perDevice ? nil : sensor,
            start: windowStart,
            end: end,
            features: features
        )
    }

    /// The same with other features, in the order given; nil when one of them has no column.
    public func selecting(_ names: [String]) -> FeatureHeader? {
        var columns: [Int] = []
        for name in names {
            guard let index = featureNames.firstIndex(of: name) else { return nil }
            columns.append(features[index])
        }
        return FeatureHeader(
            featureNames: names,
            line: line,
            device: device,
            sensor: sensor,
            start: start,
            end: end,
            features: columns
        )
    }
}
