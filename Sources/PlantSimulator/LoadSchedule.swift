/// When a device stands still, runs at half and at full load: the same every day.
struct LoadSchedule: Sendable {
    private static let slotSeconds = 7200.0
    private static let slotCount = 12
    /// Per slot of the day: the load, 0, 0.5 or 1.
    private let levels: [Double]
    /// Per slot: how many seconds after its nominal start it begins.
    private let delays: [Double]

    init(plantSeed: UInt64, device: UInt64) {
        var levels: [Double] = []
        var delays: [Double] = []
        for slot in 0..<UInt64(Self.slotCount) {
            let draw = SignalNoise.unit(SignalNoise.hash(plantSeed, device, slot, 0x10AD))
            levels.append(draw < 0.12 ? 0 : draw < 0.45 ? 0.5 : 1)
            delays.append(
                SignalNoise.unit(SignalNoise.hash(plantSeed, device, slot, 0xDE1A)) * 1200
            )
        }
        self.levels = levels
        self.delays = delays
    }

    /// The load that a sensor shows at a second of the day, following changes over a ramp.
    func level(secondOfDay: Double, rampSeconds: Double) -> Double {
        let count = Self.slotCount
        var slot = min(count - 1, max(0, Int(secondOfDay / Self.slotSeconds)))
        var elapsed = secondOfDay - Double(slot) * Self.slotSeconds - delays[slot]
        if elapsed < 0 {
            slot = (slot + count - 1) % count
            elapsed += Self.slotSeconds + delays[(slot + 1) % count] - delays[slot]
        }
        let level = levels[slot]
        guard elapsed < rampSeconds else { return level }
        let before = levels[(slot + count - 1) % count]
        return before + (level - before) * SignalNoise.smoothStep(elapsed / rampSeconds)
    }
}
