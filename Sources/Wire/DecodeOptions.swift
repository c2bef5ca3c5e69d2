public import Core

/// How names, times and missing columns are to be understood.
public struct DecodeOptions: Sendable {
    /// Role (`time`, `device`, `sensor`, `value`) to the name of its column, field or tag.
    public var columns: [String: String] = [:]
    /// The unit of numeric times; nil tells it from each number's magnitude.
    ///
    /// Line protocol does not guess: there nil is nanoseconds.
    public var timeUnit: EpochUnit?
    /// The zone of times written without one; the earliest moment where they are ambiguous.
    public var timeZone = TimeZoneRules.utc
    /// Later times are refused as `early`; nil takes all up to 2262.
    ///
    /// One reading of a device whose clock is years ahead would make all that follow it late.
    public var latestTime: Timestamp?
    /// The device of events that name none; nil when nobody gave one.
    ///
    /// Without it such events are rejected, but for CSV tables without a device column, whose
    /// device is then ``defaultDevice``.
    public var givenDevice: String?
    /// Whether a CSV table must name devices when none is given: what many senders send to one
    /// server must not be taken for one device's.
    public var needsDevice = false
    /// The sensor of events with a value and no sensor; nil rejects them.
    ///
    /// A CSV table with a value column and no sensor column is then a long one.
    public var defaultSensor: String?
    /// The time of events that have none; nil rejects them.
    public var receivedAt: Timestamp?

    public init() {}

    /// The device given, else the one of CSV tables without a device column.
    ///
    /// Setting it gives it: see ``givenDevice``.
    public var defaultDevice: String {
        get { givenDevice ?? "device" }
        set { givenDevice = newValue }
    }
}

/// The unit of a time given as a number since the epoch.
public enum EpochUnit: String, Sendable, Codable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"
    case minutes = "m"
    case hours = "h"

    /// How many nanoseconds a unit has.
    var nanoseconds: Int64 {
        switch self {
        case .hours: 3_600_000_000_000
        case .minutes: 60_000_000_000
        case .seconds: 1_000_000_000
        case .milliseconds: 1_000_000
        case .microseconds: 1000
        case .nanoseconds: 1
        }
    }
}

/// What a column or field of an event means.
enum FieldRole: String, CaseIterable {
    case time, device, sensor, value

    /// The names that mean this role unless another one is given, in lower case.
    var defaultNames: [String] {
        switch self {
        case .time: ["time", "ts", "timestamp"]
        case .device: ["device"]
        case .sensor: ["sensor", "tag"]
        case .value: ["value", "val"]
        }
    }
}

extension DecodeOptions {
    /// Whether the names of line protocol follow from a line alone.
    var namesLinesPlainly: Bool { columns.isEmpty && givenDevice == nil }

    /// The renamed roles.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for a role that does not exist.
    func renamedRoles() throws -> [FieldRole: String] {
        guard !columns.isEmpty else { return [:] }
        var result: [FieldRole: String] = [:]
        for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
            guard let role = FieldRole(rawValue: name.lowercased()) else {
                throw FleetError(
                    .invalidArgument,
                    "cannot rename the column \"\(name)\": it is not a role",
                    hint: DidYouMean.hint(for: name, among: FieldRole.allCases.map(\.rawValue))
                )
            }
            result[role] = column
        }
        return result
    }
}
