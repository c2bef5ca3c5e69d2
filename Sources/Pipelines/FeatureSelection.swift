package import Core

/// What a model reads from a window.
package enum FeatureSelection: Sendable, Equatable {
    /// Aggregates of the one series a model belongs to.
    case series([Aggregate])
    /// Aggregates of several sensors of the device a model belongs to.
    case device([SensorFeature])

    package static let countMax = 1024

    /// One aggregate of one sensor.
    package struct SensorFeature: Sendable, Hashable {
        package let sensor: String
        package let aggregate: Aggregate

        package init(sensor: String, aggregate: Aggregate) {
            self.sensor = sensor
            self.aggregate = aggregate
        }
    }

    /// The names as the document writes them, in order.
    package var names: [String] {
        switch self {
        case .series(let aggregates): aggregates.map(\.rawValue)
        case .device(let features): features.map { $0.sensor + "." + $0.aggregate.rawValue }
        }
    }

    /// The aggregate of each feature, in order.
    package var aggregates: [Aggregate] {
        switch self {
        case .series(let aggregates): aggregates
        case .device(let features): features.map(\.aggregate)
        }
    }

    package var count: Int {
        switch self {
        case .series(let aggregates): aggregates.count
        case .device(let features): features.count
        }
    }

    /// Whether models are keyed by device, not by series.
    package var isPerDevice: Bool {
        if case .device = self { true } else { false }
    }
}

/// One entry of the features list as it is read.
enum FeatureName {
    case aggregate(Aggregate)
    case sensor(FeatureSelection.SensorFeature)

    /// Reads `mean` or `temperature.mean`; the sensor may hold dots itself.
    init(_ text: String) throws(ScalarProblem) {
        let words = Aggregate.allCases.map(\.rawValue)
        guard let dot = text.lastIndex(of: ".") else {
            guard let aggregate = Aggregate(rawValue: text) else {
                throw ScalarProblem(
                    "\"\(text.prefix(40))\" is an " + unknown(text, words, "aggregate")
                )
            }
            self = .aggregate(aggregate)
            return
        }
        var sensor = String(text[..<dot])
        let name = String(text[text.index(after: dot)...])
        guard let aggregate = Aggregate(rawValue: name) else {
            throw ScalarProblem(
                "\"\(text.prefix(40))\" ends in an " + unknown(name, words, "aggregate")
            )
        }
        guard sensor.withUTF8({ SeriesKey.isAllowed(UnsafeRawBufferPointer($0)) }) else {
            throw ScalarProblem("\"\(sensor.prefix(40))\" is not a sensor name")
        }
        self = .sensor(.init(sensor: sensor, aggregate: aggregate))
    }
}
