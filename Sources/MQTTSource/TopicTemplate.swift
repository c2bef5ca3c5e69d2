import Core
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A pattern of topics that says which levels name the device and the sensor.
///
/// `plant/{device}/{sensor}` subscribes to `plant/+/+`. `+`, `{_}` and `{_anything}` stand for a
/// level of no interest, `#` at the end for any number of them. What a template does not name, the
/// payload must.
package struct TopicTemplate: Sendable, Hashable, CustomStringConvertible {
    enum Level: Sendable, Hashable {
        case literal([UInt8])
        case device, sensor, any, rest
    }

    /// What a topic says, as ranges of its bytes.
    package struct Match: Sendable, Hashable {
        package var device: Range<Int>?
        package var sensor: Range<Int>?
    }

    /// The template as it was written.
    package let description: String
    /// What is subscribed to.
    package let filter: String
    let levels: [Level]

    /// The longest template, and the longest topic that the protocol has.
    static let byteCountMax = 65_535

    /// - Throws: ``FleetError`` `.invalidArgument` naming the level that cannot be read.
    package init(parsing text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !text.isEmpty, text.utf8.count <= Self.byteCountMax else {
            throw Self.problem(text, "has \(text.utf8.count) bytes", "use 1 to 65535 bytes")
        }
        guard parts.first != "$share" else {
            throw Self.problem(text, "names a shared subscription", "set share_group to the group")
        }
        var levels: [Level] = []
        for part in parts {
            let level = try Self.level(part, in: text)
            guard levels.last != .rest else {
                throw Self.problem(text, "goes on after #", "# stands at the end")
            }
            let isTwice = (level == .device || level == .sensor) && levels.contains(level)
            guard !isTwice else {
                throw Self.problem(text, "names \(part) twice", "use {_} for other levels")
            }
            levels.append(level)
        }
        self.levels = levels
        description = text
        filter = zip(levels, parts).map { level, part in
            switch level {
            case .literal: String(part)
            case .device, .sensor, .any: "+"
            case .rest: "#"
            }
        }.joined(separator: "/")
    }

    private static func level(_ part: Substring, in text: String) throws -> Level {
        switch part {
        case "{device}": return .device
        case "{sensor}": return .sensor
        case "+": return .any
        case "#": return .rest
        default: break
        }
        if part.hasPrefix("{_"), part.hasSuffix("}") { return .any }
        let forbidden = part.unicodeScalars.first { scalar in
            "{}+#".unicodeScalars.contains(scalar)
                || scalar.properties.generalCategory == .control
        }
        guard forbidden == nil else {
            throw problem(
                text,
                "has the level \"\(part)\"",
                "a level is {device}, {sensor}, {_}, +, # or a plain name"
            )
        }
        return .literal(Array(part.utf8))
    }

    private static func problem(_ text: String, _ what: String, _ hint: String) -> FleetError {
        FleetError(
            .invalidArgument,
            "the topic template \"\(text.prefix(200))\" \(what)",
            hint: hint
        )
    }

    /// What a topic says, or `nil` when it is none of this template.
    package func match(_ topic: UnsafeRawBufferPointer) -> Match? {
        var match = Match()
        var start = 0
        var hasEnded = false
        for (index, level) in levels.enumerated() {
            // Wildcards at the beginning keep out of the broker's own topics.
            if index == 0, topic.first == UInt8(ascii: "$") {
                guard case .literal = level else { return nil }
            }
            // `a/#` is also `a`.
            if level == .rest { return match }
            guard !hasEnded else { return nil }
            let end = Self.end(ofLevelAt: start, in: topic)
            switch level {
            case .literal(let name):
                guard Self.isEqual(topic, start..<end, name) else { return nil }
            case .device: match.device = start..<end
            case .sensor: match.sensor = start..<end
            case .any, .rest: break
            }
            hasEnded = end == topic.count
            start = end + 1
        }
        return hasEnded ? match : nil
    }

    private static func end(ofLevelAt start: Int, in topic: UnsafeRawBufferPointer) -> Int {
        guard start < topic.count, let base = topic.baseAddress,
            let slash = memchr(base + start, 0x2F, topic.count - start)
        else { return topic.count }
        return base.distance(to: UnsafeRawPointer(slash))
    }

    private static func isEqual(
        _ topic: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        _ name: [UInt8]
    ) -> Bool {
        guard range.count == name.count else { return false }
        guard !range.isEmpty, let base = topic.baseAddress else { return true }
        return name.withUnsafeBytes { name in
            name.baseAddress.map { memcmp(base + range.lowerBound, $0, name.count) == 0 } ?? true
        }
    }

    /// Whether some topic belongs to both templates.
    ///
    /// A broker may then send a message twice; the first template in the list is what counts.
    package func overlaps(_ other: TopicTemplate) -> Bool {
        Self.overlap(levels[...], other.levels[...])
    }

    private static func overlap(_ left: ArraySlice<Level>, _ right: ArraySlice<Level>) -> Bool {
        var left = left
        var right = right
        while true {
            if left.first == .rest || right.first == .rest { return true }
            guard let one = left.first, let two = right.first else {
                return left.isEmpty && right.isEmpty
            }
            left.removeFirst()
            right.removeFirst()
            if case .literal(let first) = one, case .literal(let second) = two, first != second {
                return false
            }
        }
    }
}

/// The templates of a source; the first that matches a topic counts.
struct TopicRouter: Sendable {
    let templates: [TopicTemplate]

    func match(_ topic: UnsafeRawBufferPointer) -> TopicTemplate.Match? {
        for template in templates {
            if let match = template.match(topic) { return match }
        }
        return nil
    }

    /// What is subscribed to, each once and in the templates' order.
    func filters(shareGroup: String?) -> [String] {
        var filters: [String] = []
        for template in templates {
            let filter = shareGroup.map { "$share/\($0)/\(template.filter)" } ?? template.filter
            if !filters.contains(filter) { filters.append(filter) }
        }
        return filters
    }
}
