import Core

/// What windows are built for every series, under a name.
///
/// - Range: names are 1 to 64 of `A-Z a-z 0-9 _ -`; size, slide, gap and the longest session are
///   1 ms to 366 d, lateness and the time for corrections 0 to 366 d, all in whole microseconds.
public struct WindowDefinition: Sendable, Equatable {
    public let name: String
    public let kind: WindowKind
    /// The length of a window; of a session the longest.
    public let size: Duration
    /// How far behind the newest event of its partition or device an event may be and still count.
    public let allowedLateness: Duration
    /// Which readings count; nil takes all.
    public let filter: ReadingFilter?
    /// The quantiles of each window, ascending; empty for none, which saves their memory.
    public let quantiles: [Double]
    public let watermark: WatermarkScope
    public let latePolicy: LatePolicy
    /// With ``LatePolicy/correct``: how long after its end a window can be corrected.
    public let correctFor: Duration

    /// Checks and makes a definition; for sessions the size is not used.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is out of range.
    public init(
        name: String,
        kind: WindowKind = .tumbling,
        size: Duration = .seconds(60),
        allowedLateness: Duration = .zero,
        filter: ReadingFilter? = nil,
        quantiles: [Double] = [],
        watermark: WatermarkScope = .partition,
        latePolicy: LatePolicy = .drop,
        correctFor: Duration = .seconds(3600)
    ) throws {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw FleetError(
                .invalidArgument,
                "the window name \"\(name.prefix(80))\" is not allowed",
                hint: "use 1 to 64 letters, digits, _ or -"
            )
        }
        self.name = name
        self.kind = kind
        self.allowedLateness = allowedLateness
        self.filter = filter
        self.quantiles = quantiles
        self.watermark = watermark
        self.latePolicy = latePolicy
        self.correctFor = correctFor
        if case .session(_, let maxSize) = kind { self.size = maxSize } else { self.size = size }
        try checkKind()
        try check(allowedLateness, "allowed lateness", from: .zero)
        try check(correctFor, "time for corrections", from: .zero)
        try checkQuantiles()
    }

    /// The largest size and lateness.
    public static let durationMax = Duration.seconds(366 * 86_400)
    /// The most panes that a hopping window is put together from.
    public static let paneCountMax: Int64 = 10_000
    /// The most quantiles of a definition.
    public static let quantileCountMax = 16

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

    private func checkKind() throws {
        switch kind {
        case .tumbling:
            try check(size, "size", from: .milliseconds(1))
        case .hopping(let slide):
            try check(size, "size", from: .milliseconds(1))
            try check(slide, "slide", from: .milliseconds(1))
            guard slide <= size else {
                throw refused(
                    "the slide \(slide.text) is longer than the size \(size.text), readings "
                        + "between windows would be lost",
                    hint: "use a slide of at most the size"
                )
            }
            let geometry = PaneGeometry(size: size.microseconds, slide: slide.microseconds)
            guard geometry.paneCount <= Self.paneCountMax else {
                let least = Duration.microseconds((size.microseconds - 1) / Self.paneCountMax + 1)
                let pane = Duration.microseconds(geometry.pane)
                throw refused(
                    "a size of \(size.text) every \(slide.text) needs \(geometry.paneCount) panes "
                        + "a window, of \(pane.text) each; there may be at most "
                        + "\(Self.paneCountMax)",
                    hint: "a pane is the greatest common divisor of size and slide: choose a "
                        + "slide that makes it at least \(least.text)"
                )
            }
        case .session(let gap, let maxSize):
            try check(gap, "gap", from: .milliseconds(1))
            try check(maxSize, "longest session", from: .milliseconds(1))
            guard gap <= maxSize else {
                throw refused(
                    "the gap \(gap.text) is longer than the longest session \(maxSize.text)",
                    hint: "use a longest session of at least the gap"
                )
            }
        }
    }

    private func checkQuantiles() throws {
        guard quantiles.count <= Self.quantileCountMax else {
            throw refused(
                "\(quantiles.count) quantiles are too many",
                hint: "use at most \(Self.quantileCountMax)"
            )
        }
        for (index, point) in quantiles.enumerated() {
            guard Aggregate.quantile(point) != nil else {
                throw refused(
                    "the quantile \(point) is out of range",
                    hint: "use numbers between 0 and 1 with at most 6 decimals, such as 0.95"
                )
            }
            guard index == 0 || quantiles[index - 1] < point else {
                throw refused(
                    "the quantile \(point) is not above the one before it",
                    hint: "list quantiles from the smallest to the largest"
                )
            }
        }
    }

    private func check(_ duration: Duration, _ part: String, from minimum: Duration) throws {
        guard duration >= minimum, duration <= Self.durationMax, duration.isWholeMicroseconds
        else {
            let isReadable = duration > .zero && duration.isWholeMicroseconds
            throw refused(
                "the \(part) \(isReadable ? duration.text : "\(duration)") is out of range",
                hint: minimum == .zero ? "use 0s to 366d" : "use 1ms to 366d"
            )
        }
    }

    private func refused(_ problem: String, hint: String) -> FleetError {
        FleetError(.invalidArgument, "window \"\(name)\": \(problem)", hint: hint)
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
