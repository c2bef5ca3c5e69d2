package import Core

/// What people say about a sensor, or about all sensors of a device.
package struct RegistryInfo: Sendable, Codable, Equatable {
    package var device: String
    /// Nil for all sensors of the device.
    package var sensor: String?
    package var site: String?
    package var unit: String?
    /// How often a reading is expected, such as `10s`.
    package var expectedInterval: String?
    package var min: Double?
    package var max: Double?
    package var updatedAt: Timestamp?

    package init(
        device: String,
        sensor: String? = nil,
        site: String? = nil,
        unit: String? = nil,
        expectedInterval: String? = nil,
        min: Double? = nil,
        max: Double? = nil,
        updatedAt: Timestamp? = nil
    ) {
        self.device = device
        self.sensor = sensor
        self.site = site
        self.unit = unit
        self.expectedInterval = expectedInterval
        self.min = min
        self.max = max
        self.updatedAt = updatedAt
    }
}

extension RegistryInfo {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case device, sensor, site, unit, expectedInterval, min, max, updatedAt
        case snakeInterval = "expected_interval"
    }

    /// The keys that an entry may have.
    package static let keys = CodingKeys.allCases.map(\.rawValue)

    /// Takes `expected_interval` too, as the settings spell it.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            device: try values.decode(String.self, forKey: .device),
            sensor: try values.decodeIfPresent(String.self, forKey: .sensor),
            site: try values.decodeIfPresent(String.self, forKey: .site),
            unit: try values.decodeIfPresent(String.self, forKey: .unit),
            expectedInterval: try values.decodeIfPresent(String.self, forKey: .expectedInterval)
                ?? values.decodeIfPresent(String.self, forKey: .snakeInterval),
            min: try values.decodeIfPresent(Double.self, forKey: .min),
            max: try values.decodeIfPresent(Double.self, forKey: .max),
            updatedAt: try values.decodeIfPresent(Timestamp.self, forKey: .updatedAt)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(device, forKey: .device)
        try values.encodeIfPresent(sensor, forKey: .sensor)
        try values.encodeIfPresent(site, forKey: .site)
        try values.encodeIfPresent(unit, forKey: .unit)
        try values.encodeIfPresent(expectedInterval, forKey: .expectedInterval)
        try values.encodeIfPresent(min, forKey: .min)
        try values.encodeIfPresent(max, forKey: .max)
        try values.encodeIfPresent(updatedAt, forKey: .updatedAt)
    }
}

/// How many entries a change of the registry touched.
package struct RegistryAnswer: Sendable, Codable, Equatable {
    package let changed: Int

    package init(changed: Int) { self.changed = changed }
}

/// A series that is expected and silent.
package struct SilentInfo: Sendable, Codable, Equatable {
    package let device: String
    /// Nil for a device with a model that never sent anything.
    package let sensor: String?
    /// Nil when nothing of it ever came.
    package let lastEventAt: Timestamp?
    package let silentSince: Timestamp?
    package let expectedInterval: String?
    /// `model` or `recent`.
    package let expectedBecause: String
    /// The pipeline that has a model for it.
    package let pipeline: String?

    package init(
        device: String,
        sensor: String?,
        lastEventAt: Timestamp?,
        silentSince: Timestamp?,
        expectedInterval: String?,
        expectedBecause: String,
        pipeline: String?
    ) {
        self.device = device
        self.sensor = sensor
        self.lastEventAt = lastEventAt
        self.silentSince = silentSince
        self.expectedInterval = expectedInterval
        self.expectedBecause = expectedBecause
        self.pipeline = pipeline
    }
}

/// Silent series, and whether there are more.
package struct SilentAnswer: Sendable, Codable, Equatable {
    package let series: [SilentInfo]
    package let hasMore: Bool

    package init(series: [SilentInfo], hasMore: Bool) {
        self.series = series
        self.hasMore = hasMore
    }
}

/// Which windows to compute again from the raw events.
package struct RebuildRequest: Sendable, Codable {
    package var definition: String
    package var from: Timestamp
    package var to: Timestamp
    /// `log` or `capture`.
    package var source: String?

    package init(definition: String, from: Timestamp, to: Timestamp, source: String? = nil) {
        self.definition = definition
        self.from = from
        self.to = to
        self.source = source
    }
}

/// What computing windows again changed.
package struct RebuildAnswer: Sendable, Codable, Equatable {
    package let unchanged: Int
    package let changed: Int
    package let added: Int
    package let removed: Int

    package init(unchanged: Int, changed: Int, added: Int, removed: Int) {
        self.unchanged = unchanged
        self.changed = changed
        self.added = added
        self.removed = removed
    }
}
