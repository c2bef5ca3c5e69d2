import Core

/// A window definition as `fleetscore.yaml` declares it.
package struct WindowSetting: Sendable, Equatable {
    /// How windows lie in time.
    package enum Kind: Sendable, Equatable {
        /// One after another.
        case tumbling
        /// Of the same size, beginning a slide apart, so that they overlap.
        case hopping(slide: Duration)
        /// From a first reading until none came for a gap; cut at the size.
        case session(gap: Duration)
    }

    /// What happens to a reading that comes after its window closed.
    package enum LatePolicy: String, Sendable, CaseIterable {
        case drop, adjust, correct
    }

    /// Whose newest event time closes windows.
    package enum WatermarkScope: String, Sendable, CaseIterable {
        case partition, device
    }

    package let name: String
    /// The length of a window; of a session its greatest length.
    package let size: Duration
    package var kind = Kind.tumbling
    package let allowedLateness: Duration
    /// The text of `where`: which readings count; nil for all.
    package let filter: String?
    /// Ascending, each in 0...1, exclusive.
    package var quantiles: [Double] = []
    package var late = LatePolicy.drop
    /// How long closed windows can be corrected.
    package var correctFor = Duration.seconds(3600)
    package var watermark = WatermarkScope.partition
    /// How long closed windows can be queried; nil for ever.
    package var retention: Duration?

    package static let sizeRange: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 86_400)
    package static let latenessRange: ClosedRange<Duration> = .zero ... .seconds(7 * 86_400)
    package static let retentionRange: ClosedRange<Duration> =
        .seconds(3600)
        ... .seconds(3650 * 86_400)
    package static let defaultLateness = Duration.seconds(30)
    package static let defaultSessionSize = Duration.seconds(86_400)
    package static let countMax = 32
    package static let quantileCountMax = 16
    package static let filterByteCountMax = 1024

    package init(name: String, size: Duration, allowedLateness: Duration, filter: String?) {
        self.name = name
        self.size = size
        self.allowedLateness = allowedLateness
        self.filter = filter
    }
}

/// Why windows of a definition cannot be built, as only those who build windows can tell.
package struct WindowProblem: Sendable, Equatable {
    /// The key of the definition, such as `where`.
    package let key: String
    package let message: String

    package init(key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}

/// Looks whether windows of a definition can be built; nil when they can.
package typealias WindowCheck = (WindowSetting) -> WindowProblem?

/// The window definitions of `fleetscore.yaml`.
package enum WindowSettings {
    /// Reads the window definitions only.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when anything in the document is wrong.
    package static func parse(yaml: String, file: String) throws -> [WindowSetting] {
        try ServerDocument.parse(yaml: yaml, file: file).windows
    }
}

extension MappingReader {
    private static let windowKeys = [
        "name", "size", "slide", "gap", "max_size", "allowed_lateness", "where", "quantiles",
        "late", "correct_for", "watermark", "retention",
    ]

    /// The `windows` list of `fleetscore.yaml`; a definition without problems is checked further.
    func windowSettings(_ check: WindowCheck) -> [WindowSetting] {
        var settings: [WindowSetting] = []
        for mapping in mappings("windows", countMax: WindowSetting.countMax, Self.windowKeys) {
            let problemCount = reader.problems.count
            guard let setting = mapping.windowSetting() else { continue }
            if reader.problems.count == problemCount, let problem = check(setting) {
                mapping.report(problem.key, problem.message)
            }
            if settings.contains(where: { $0.name == setting.name }) {
                mapping.report("name", "\"\(setting.name)\" is given twice")
            }
            settings.append(setting)
        }
        return settings
    }

    private func windowSetting() -> WindowSetting? {
        let name = read("name", required: true, Scalar.name)
        let shape = windowShape()
        let lateness = duration("allowed_lateness", WindowSetting.latenessRange)
        let filter = read("where") { text throws(ScalarProblem) in
            guard text.utf8.count <= WindowSetting.filterByteCountMax else {
                throw ScalarProblem(
                    "has \(text.utf8.count) bytes; at most \(WindowSetting.filterByteCountMax)"
                )
            }
            return text
        }
        let quantiles = quantiles()
        let late = choice("late", WindowSetting.LatePolicy.self)
        let correctFor = duration("correct_for", WindowSetting.sizeRange)
        if correctFor != nil, late != .correct {
            report("correct_for", "needs late: correct")
        }
        let watermark = choice("watermark", WindowSetting.WatermarkScope.self)
        let retention = duration("retention", WindowSetting.retentionRange)
        guard let name, let shape else { return nil }
        var setting = WindowSetting(
            name: name,
            size: shape.size,
            allowedLateness: lateness ?? WindowSetting.defaultLateness,
            filter: filter
        )
        setting.kind = shape.kind
        setting.quantiles = quantiles
        setting.late = late ?? .drop
        setting.correctFor = correctFor ?? setting.correctFor
        setting.watermark = watermark ?? .partition
        setting.retention = retention
        return setting
    }

    /// The kind and size: `size` alone tumbles, with `slide` it hops, `gap` makes sessions.
    private func windowShape() -> (kind: WindowSetting.Kind, size: Duration)? {
        if has("gap") {
            for key in ["size", "slide"] where has(key) {
                report(key, "does not go with gap: a session has a gap and may have a max_size")
            }
            let gap = duration("gap", WindowSetting.sizeRange)
            let size = duration("max_size", WindowSetting.sizeRange)
            guard let gap else { return nil }
            let most = size ?? max(WindowSetting.defaultSessionSize, gap)
            if most < gap { report("max_size", "is shorter than the gap of \(gap.text)") }
            return (.session(gap: gap), most)
        }
        if has("max_size") { report("max_size", "needs gap: only sessions are cut") }
        let size = duration("size", WindowSetting.sizeRange, required: true)
        let slide = duration("slide", WindowSetting.sizeRange)
        guard let size else { return nil }
        guard let slide else { return (.tumbling, size) }
        if slide > size { report("slide", "is longer than the size of \(size.text)") }
        return (slide == size ? .tumbling : .hopping(slide: slide), size)
    }

    private func quantiles() -> [Double] {
        guard let nodes = list("quantiles") else { return [] }
        guard nodes.count <= WindowSetting.quantileCountMax else {
            report(
                "quantiles",
                "has \(nodes.count) entries; at most \(WindowSetting.quantileCountMax)"
            )
            return []
        }
        var result: Set<Double> = []
        for node in nodes {
            guard case .scalar(let text, _) = node.content, let value = Double(text), value > 0,
                value < 1, (value * 10_000).rounded() / 10_000 == value
            else {
                report("quantiles", "must be numbers between 0 and 1 of at most four decimals")
                return []
            }
            result.insert(value)
        }
        return result.sorted()
    }
}
