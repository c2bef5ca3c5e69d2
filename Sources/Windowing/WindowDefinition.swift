import Core

/// What windows are built for every series: their size, lateness and filter, under a name.
///
/// - Range: names are 1 to 64 of `A-Z a-z 0-9 _ -`; size is 1 ms to 366 d, lateness 0 to 366 d,
///   both in whole microseconds.
public struct WindowDefinition: Sendable, Equatable {
    public let name: String
    public let size: Duration
    /// How far behind the newest event of its partition an event may be and still count.
    public let allowedLateness: Duration
    /// Which readings count; nil takes all.
    public let filter: ReadingFilter?

    /// Checks and makes a definition.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is out of range.
    public init(
        name: String,
        size: Duration,
        allowedLateness: Duration = .zero,
        filter: ReadingFilter? = nil
    ) throws {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw FleetError(
                .invalidArgument,
                "the window name \"\(name.prefix(80))\" is not allowed",
                hint: "use 1 to 64 letters, digits, _ or -"
            )
        }
        guard size >= .milliseconds(1), size <= Self.durationMax, size.isWholeMicroseconds else {
            throw FleetError(
                .invalidArgument,
                "window \"\(name)\": the size \(size) is out of range",
                hint: "use 1ms to 366d"
            )
        }
        guard
            allowedLateness >= .zero, allowedLateness <= Self.durationMax,
            allowedLateness.isWholeMicroseconds
        else {
            throw FleetError(
                .invalidArgument,
                "window \"\(name)\": the allowed lateness \(allowedLateness) is out of range",
                hint: "use 0s to 366d"
            )
        }
        self.name = name
        self.size = size
        self.allowedLateness = allowedLateness
        self.filter = filter
    }

    /// The largest size and lateness.
    public static let durationMax = Duration.seconds(366 * 86_400)

    /// Checks that no two definitions share a name, as ``PartitionWindows`` requires.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the repeated name.
    public static func checkNamesAreDistinct(_ definitions: [WindowDefinition]) throws {
        var names: Set<String> = []
        for definition in definitions where !names.insert(definition.name).inserted {
            throw FleetError(
                .invalidArgument,
                "the window name \"\(definition.name)\" is used twice",
                hint: "give every window definition its own name"
            )
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }
}

extension Duration {
    var isWholeMicroseconds: Bool { components.attoseconds % 1_000_000_000_000 == 0 }
}
