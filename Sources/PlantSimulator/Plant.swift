package import Core

/// A made-up plant whose sensors can be read at any time: for demos, training and tests.
///
/// Every value is a pure function of the seeds, the series and the time, so that history and
/// live data agree whatever the order they are asked for. What is normal (levels, schedules,
/// scales) follows from the plant seed alone; the noise seed changes noise and faults, so that
/// models trained under one noise seed fit data under another. The five sensors of a device
/// share its load schedule and are therefore correlated.
package struct Plant: Sendable {
    /// All series, by device, then sensor; an index in here is a series' number.
    package let keys: [SeriesKey]
    package let plantSeed: UInt64
    package let noiseSeed: UInt64
    private let series: [Series]
    private let schedules: [LoadSchedule]
    private let plan: FaultPlan

    private struct Series: Sendable {
        let profile: SensorProfile
        let device: Int
        let center: Double
        let spread: Double
        let phase: Double
    }

    /// The plant that the bundled demo models were trained on.
    package static let defaultPlantSeed: UInt64 = 2_026

    /// Builds a plant.
    ///
    /// - Range: `deviceCount` is 1 to 100 000; `faultsPerDay` counts over the whole plant, nil is
    ///   one per day and 15 series (40 for 120 devices).
    package init(
        plantSeed: UInt64 = defaultPlantSeed,
        noiseSeed: UInt64,
        deviceCount: Int = 120,
        faults: Bool,
        faultsPerDay: Int? = nil
    ) {
        let deviceCount = min(max(deviceCount, 1), 100_000)
        let profiles = SensorProfile.all
        var keys: [SeriesKey] = []
        var series: [Series] = []
        for device in 0..<deviceCount {
            let name = Self.deviceName(device)
            let shift = SignalNoise.unit(SignalNoise.hash(plantSeed, UInt64(device), 0x9A5E))
            for (sensor, profile) in profiles.enumerated() {
                let number = UInt64(device * profiles.count + sensor)
                let center = SignalNoise.unit(SignalNoise.hash(plantSeed, number, 0xCE17E2))
                let spread = SignalNoise.unit(SignalNoise.hash(plantSeed, number, 0x59EAD))
                keys.append(SeriesKey(uncheckedDevice: name, sensor: profile.name))
                series.append(
                    Series(
                        profile: profile,
                        device: device,
                        center: profile.center * (0.9 + 0.2 * center),
                        spread: profile.spread * (0.8 + 0.4 * spread),
                        phase: shift * 0.2
                    )
                )
            }
        }
        self.plantSeed = plantSeed
        self.noiseSeed = noiseSeed
        self.keys = keys
        self.series = series
        schedules = (0..<deviceCount).map {
            LoadSchedule(plantSeed: plantSeed, device: UInt64($0))
        }
        let perDay = faultsPerDay ?? max(1, keys.count / 15)
        plan = FaultPlan(seed: noiseSeed, faultsPerDay: faults ? max(0, perDay) : 0)
    }

    /// The faults that overlap `[from, to)`, by start, then key.
    package func faults(from: Timestamp, to: Timestamp) -> [FaultEpisode] {
        plan.faults(from: from, to: to, keys: keys)
    }

    /// Appends the readings of all series at the multiples of an interval within `[from, to)`.
    ///
    /// Ordered by time, then series; a batch of a day every 20 s and 600 series has 2.6 million.
    package func readings(
        from: Timestamp,
        to: Timestamp,
        every interval: Duration,
        into batch: inout EventBatch
    ) {
        let step = max(1, interval.microseconds)
        var time = -((-from.microseconds).floorDivided(by: step)) * step
        guard time < to.microseconds else { return }
        let ids = keys.map { batch.series.insert($0) }
        var faulty: [Int: [FaultEpisode]] = [:]
        for fault in faults(from: from, to: to) { faulty[fault.series, default: []].append(fault) }
        let isFaulty = keys.indices.map { faulty[$0] != nil }
        while time < to.microseconds {
            for number in series.indices {
                let episodes = isFaulty[number] ? faulty[number, default: []] : []
                batch.append(
                    series: ids[number],
                    time: time,
                    value: value(number, time, episodes)
                )
            }
            time += step
        }
    }

    /// The reading of a series, by its number, at a time.
    package func value(series number: Int, at time: Timestamp) -> Double {
        let next = Timestamp(microseconds: time.microseconds + 1)
        let episodes = faults(from: time, to: next).filter { $0.series == number }
        return value(number, time.microseconds, episodes)
    }

    private func value(_ number: Int, _ time: Int64, _ episodes: [FaultEpisode]) -> Double {
        var signal = normalSignal(number, time)
        let moment = Timestamp(microseconds: time)
        for episode in episodes where episode.contains(moment) {
            signal = episode.distorted(signal, microseconds: time)
        }
        return series[number].center + series[number].spread * signal
    }

    /// The signal without faults: load, daily cycle, slow wander and noise.
    private func normalSignal(_ number: Int, _ time: Int64) -> Double {
        let series = series[number]
        let profile = series.profile
        let daySeconds = 86_400.0
        let days = time.floorDivided(by: 86_400_000_000)
        let second = Double(time - days * 86_400_000_000) * 1e-6
        let load = schedules[series.device].level(
            secondOfDay: second,
            rampSeconds: profile.rampSeconds
        )
        let id = UInt64(number)
        // The wander's lattice is ten minutes.
        let slow = SignalNoise.slow(noiseSeed, id, Double(time) / 600_000_000)
        let white = SignalNoise.normal(
            SignalNoise.hash(noiseSeed, id, UInt64(bitPattern: time), 0x3417E)
        )
        return profile.loadGain * (load - 0.6)
            + profile.daily * SignalNoise.wave(second / daySeconds + series.phase)
            + profile.slow * slow + profile.white * white
    }

    private static func deviceName(_ device: Int) -> String {
        let kinds = ["pump", "fan", "press", "mixer", "chiller"]
        let number = String(device + 1)
        let zeros = String(repeating: "0", count: max(0, 3 - number.count))
        return kinds[device % kinds.count] + "-" + zeros + number
    }
}
