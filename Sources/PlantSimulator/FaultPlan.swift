import Core

/// Places faults in time: a pure function of seed and time, none overlapping on a series.
///
/// Time is cut into blocks of six hours from the epoch; a block has its share of the day's
/// faults, each on another series and well inside the block.
struct FaultPlan: Sendable {
    let seed: UInt64
    let faultsPerDay: Int

    private static let blockMicroseconds: Int64 = 6 * 3_600_000_000
    private static let blocksPerDay: Int64 = 4

    /// The faults that overlap `[from, to)`, by start, then key.
    func faults(from: Timestamp, to: Timestamp, keys: [SeriesKey]) -> [FaultEpisode] {
        guard from < to, faultsPerDay > 0, !keys.isEmpty else { return [] }
        let first = from.microseconds.floorDivided(by: Self.blockMicroseconds)
        let last = (to.microseconds - 1).floorDivided(by: Self.blockMicroseconds)
        return (first...last).flatMap { block($0, keys) }
            .filter { $0.start < to && from < $0.end }
            .sorted { ($0.start, $0.key) < ($1.start, $1.key) }
    }

    private func block(_ block: Int64, _ keys: [SeriesKey]) -> [FaultEpisode] {
        let perDay = Int64(faultsPerDay)
        let quarter = block - block.floorDivided(by: Self.blocksPerDay) * Self.blocksPerDay
        let share =
            (quarter + 1) * perDay / Self.blocksPerDay - quarter * perDay / Self.blocksPerDay
        var used: Set<Int> = []
        return (0..<min(Int(share), keys.count)).map { number in
            let hash = SignalNoise.hash(
                seed,
                UInt64(bitPattern: block),
                UInt64(number),
                0xFA17
            )
            var series = Int(hash % UInt64(keys.count))
            while !used.insert(series).inserted { series = (series + 1) % keys.count }
            return episode(hash, block: block, series: series, key: keys[series])
        }
    }

    private func episode(
        _ hash: UInt64,
        block: Int64,
        series: Int,
        key: SeriesKey
    ) -> FaultEpisode {
        func draw(_ salt: UInt64, _ count: Int64) -> Int64 {
            Int64(SignalNoise.hash(hash, salt) % UInt64(count))
        }
        // 10 to 40 minutes long, at least 5 minutes away from the ends of the block.
        let minutes = 10 + draw(1, 31)
        let startSeconds = 300 + draw(2, 6 * 3600 - 600 - minutes * 60)
        let start = Timestamp(
            microseconds: block * Self.blockMicroseconds + startSeconds * 1_000_000
        )
        let kinds = FaultKind.allCases
        let canFall = SensorProfile.all[series % SensorProfile.all.count].canFall
        return FaultEpisode(
            key: key,
            start: start,
            end: start + .seconds(minutes * 60),
            kind: kinds[Int(draw(3, Int64(kinds.count)))],
            series: series,
            sign: canFall && draw(4, 3) == 0 ? -1 : 1,
            seed: hash
        )
    }
}
