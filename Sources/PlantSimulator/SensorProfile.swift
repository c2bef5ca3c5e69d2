/// What one kind of sensor measures and how it reacts; noises are in units of the spread.
struct SensorProfile: Sendable {
    let name: String
    /// The middle of its readings, in physical units.
    let center: Double
    /// Physical units per unit of the normal signal.
    let spread: Double
    /// How much the signal rises from standstill to full load.
    let loadGain: Double
    /// The amplitude of the daily cycle.
    let daily: Double
    /// The largest slow wander.
    let slow: Double
    /// The standard deviation of the noise of single readings.
    let white: Double
    /// How long the sensor takes to follow a change of load, in seconds.
    let rampSeconds: Double
    /// Whether a fault may pull it below its normal range.
    let canFall: Bool

    /// The five sensors of a device: °C, mm/s, bar, A and l/min.
    static let all = [
        SensorProfile(
            name: "temperature",
            center: 58,
            spread: 4,
            loadGain: 1.8,
            daily: 0.25,
            slow: 0.12,
            white: 0.5,
            rampSeconds: 480,
            canFall: true
        ),
        SensorProfile(
            name: "vibration",
            center: 2.8,
            spread: 0.35,
            loadGain: 1.4,
            daily: 0.05,
            slow: 0.1,
            white: 0.7,
            rampSeconds: 40,
            canFall: false
        ),
        SensorProfile(
            name: "pressure",
            center: 6.2,
            spread: 0.45,
            loadGain: 1.2,
            daily: 0.1,
            slow: 0.12,
            white: 0.6,
            rampSeconds: 60,
            canFall: true
        ),
        SensorProfile(
            name: "current",
            center: 41,
            spread: 3.5,
            loadGain: 2,
            daily: 0.05,
            slow: 0.1,
            white: 0.5,
            rampSeconds: 30,
            canFall: true
        ),
        SensorProfile(
            name: "flow",
            center: 118,
            spread: 11,
            loadGain: 1.8,
            daily: 0.1,
            slow: 0.12,
            white: 0.55,
            rampSeconds: 45,
            canFall: true
        ),
    ]
}
