package import Core

/// What people say about a sensor, or about all sensors of a device.
package struct RegistryEntry: Sendable, Codable, Equatable {
    /// The sensor; an empty one stands for every sensor of the device.
    package let key: SeriesKey
    package var site: String?
    package var unit: String?
    /// How often a reading is expected; above zero.
    package var expectedInterval: Duration?
    /// The least and the greatest value that makes sense.
    package var min: Double?
    package var max: Double?
    package var updatedAt: Timestamp

    package init(
        key: SeriesKey,
        site: String? = nil,
        unit: String? = nil,
        expectedInterval: Duration? = nil,
        min: Double? = nil,
        max: Double? = nil,
        updatedAt: Timestamp
    ) {
        self.key = key
        self.site = site
        self.unit = unit
        self.expectedInterval = expectedInterval
        self.min = min
        self.max = max
        self.updatedAt = updatedAt
    }

    /// Throws unless the numbers make sense.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the key and the number.
    package func check() throws {
        if let expectedInterval, expectedInterval.microseconds <= 0 {
            throw FleetError(
                .invalidArgument,
                "the expected interval of \"\(key)\" is \(expectedInterval): it must be above zero"
            )
        }
        for limit in [min, max] {
            guard let limit, !limit.isFinite else { continue }
            throw FleetError(.invalidArgument, "a limit of \"\(key)\" is \(limit): use a number")
        }
        if let min, let max, min > max {
            throw FleetError(
                .invalidArgument,
                "the limits of \"\(key)\" are \(min) to \(max): the least is above the greatest"
            )
        }
    }

    /// The same settings for another key.
    package func of(_ key: SeriesKey) -> RegistryEntry {
        RegistryEntry(
            key: key,
            site: site,
            unit: unit,
            expectedInterval: expectedInterval,
            min: min,
            max: max,
            updatedAt: updatedAt
        )
    }

    /// This entry of a sensor with what it leaves open taken from its device's.
    package func over(_ device: RegistryEntry?) -> RegistryEntry {
        guard let device else { return self }
        return RegistryEntry(
            key: key,
            site: site ?? device.site,
            unit: unit ?? device.unit,
            expectedInterval: expectedInterval ?? device.expectedInterval,
            min: min ?? device.min,
            max: max ?? device.max,
            updatedAt: Swift.max(updatedAt, device.updatedAt)
        )
    }
}

/// A series as people list it.
package struct SeriesInfo: Sendable, Codable, Equatable {
    package let key: SeriesKey
    package let firstSeenAt: Timestamp
    /// End of its newest closed window, nil before one.
    package let lastWindowEnd: Timestamp?
    /// Time of its newest event as of the last snapshot, nil when none was noted.
    package let lastEventAt: Timestamp?

    package init(
        key: SeriesKey,
        firstSeenAt: Timestamp,
        lastWindowEnd: Timestamp?,
        lastEventAt: Timestamp? = nil
    ) {
        self.key = key
        self.firstSeenAt = firstSeenAt
        self.lastWindowEnd = lastWindowEnd
        self.lastEventAt = lastEventAt
    }
}

/// A series without events since a while.
package struct SilentSeries: Sendable, Codable, Equatable {
    package let key: SeriesKey
    package let lastEventAt: Timestamp

    package init(key: SeriesKey, lastEventAt: Timestamp) {
        self.key = key
        self.lastEventAt = lastEventAt
    }
}
