public import Core

/// How names, times and missing columns are to be understood.
public struct DecodeOptions: Sendable {
    /// Role (`time`, `device`, `sensor`, `value`) to the name of its column or field.
    public var columns: [String: String] = [:]
    /// The unit of numeric times; nil tells it from each number's magnitude.
    public var timeUnit: EpochUnit?
    /// The zone of times written without one; the earliest moment where they are ambiguous.
    public var timeZone = TimeZoneRules.utc
    /// Later times are refused; nil takes all up to 2262.
    ///
    /// One reading of a device whose clock is years ahead would make all that follow it late.
    public var latestTime: Timestamp?
    /// The device of CSV rows in a table without a device column.
    public var defaultDevice = "device"

    public init() {}
}

/// The unit of a time given as a number since the epoch.
public enum EpochUnit: String, Sendable, Codable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"
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
    /// The renamed roles.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for a role that does not exist.
    func renamedRoles() throws -> [FieldRole: String] {
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
