import Core
import Testing

@testable import MQTTSource

@Suite("Topic templates")
struct TopicTemplateTests {
    struct Case: Sendable, CustomStringConvertible {
        let template: String
        let topic: String
        /// Device and sensor, `nil` for a topic that does not match.
        let expected: [String?]?

        var description: String { "\(template) on \(topic)" }
    }

    @Test(
        "A template says which levels are device and sensor",
        arguments: [
            Case(
                template: "plant/{device}/{sensor}",
                topic: "plant/m1/temp",
                expected: ["m1", "temp"]
            ),
            Case(template: "plant/{device}/{sensor}", topic: "plant/m1", expected: nil),
            Case(template: "plant/{device}/{sensor}", topic: "plant/m1/temp/x", expected: nil),
            Case(template: "plant/{device}/{sensor}", topic: "plan/m1/temp", expected: nil),
            Case(template: "plant/{device}/{sensor}", topic: "plants/m1/temp", expected: nil),
            Case(template: "plant/{device}/{sensor}", topic: "plant//", expected: ["", ""]),
            Case(
                template: "plant/{device}/{sensor}",
                topic: "plant/gerät/温度",
                expected: ["gerät", "温度"]
            ),
            Case(template: "{sensor}/of/{device}", topic: "t/of/d", expected: ["d", "t"]),
            Case(template: "plant/{device}", topic: "plant/m1", expected: ["m1", nil]),
            Case(template: "{sensor}", topic: "t", expected: [nil, "t"]),
            Case(template: "readings", topic: "readings", expected: [nil, nil]),
            Case(template: "readings", topic: "readings/", expected: nil),
            Case(template: "a/{_}/{device}/+/{_site}", topic: "a/b/c/d/e", expected: ["c", nil]),
            Case(template: "a/{device}/#", topic: "a/m", expected: ["m", nil]),
            Case(template: "a/{device}/#", topic: "a/m/x/y/z", expected: ["m", nil]),
            Case(template: "a/{device}/#", topic: "a", expected: nil),
            Case(template: "#", topic: "a/b", expected: [nil, nil]),
            Case(template: "#", topic: "$SYS/uptime", expected: nil),
            Case(template: "{device}/x", topic: "$SYS/x", expected: nil),
            Case(template: "$SYS/{sensor}", topic: "$SYS/uptime", expected: [nil, "uptime"]),
            Case(template: "/{device}", topic: "/m", expected: ["m", nil]),
            Case(template: "/{device}", topic: "m", expected: nil),
            Case(template: "{device}/", topic: "m/", expected: ["m", nil]),
            Case(template: "{device}/", topic: "m", expected: nil),
            Case(template: "a/b", topic: "", expected: nil),
        ]
    )
    func match(_ sample: Case) throws {
        let template = try TopicTemplate(parsing: sample.template)
        let topic = Array(sample.topic.utf8)
        let match = topic.withUnsafeBytes { template.match($0) }
        let found = match.map { match in
            [match.device, match.sensor].map { range in
                range.map { String(decoding: topic[$0], as: UTF8.self) }
            }
        }
        #expect(found == sample.expected)
    }

    @Test("A template becomes the filter that brokers know")
    func filters() throws {
        let filters = try [
            "plant/{device}/{sensor}", "a/{_}/b/+/{_x}", "a/#", "plain", "/{device}/",
        ].map { try TopicTemplate(parsing: $0).filter }
        #expect(filters == ["plant/+/+", "a/+/b/+/+", "a/#", "plain", "/+/"])
    }

    @Test(
        "What is no template is refused with the level named",
        arguments: [
            "", "a/{devcie}/b", "a/x{device}", "a+/b", "a/b#", "#/a", "a/{device}/{device}",
            "{sensor}/{sensor}", "$share/g/a", "a/\u{0}/b", "a/{/b", "a/}",
        ]
    )
    func refused(_ text: String) {
        let error = #expect(throws: FleetError.self) { try TopicTemplate(parsing: text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("The first template that matches counts, and equal filters are asked for once")
    func router() throws {
        let router = TopicRouter(
            templates: try ["plant/{device}/temp", "plant/{device}/{sensor}", "plant/{sensor}/+"]
                .map(TopicTemplate.init(parsing:))
        )
        let first = Array("plant/m/temp".utf8).withUnsafeBytes { router.match($0) }
        #expect(first == TopicTemplate.Match(device: 6..<7, sensor: nil))
        let second = Array("plant/m/x".utf8).withUnsafeBytes { router.match($0) }
        #expect(second == TopicTemplate.Match(device: 6..<7, sensor: 8..<9))
        #expect(router.filters(shareGroup: nil) == ["plant/+/temp", "plant/+/+"])
        #expect(
            router.filters(shareGroup: "g") == ["$share/g/plant/+/temp", "$share/g/plant/+/+"]
        )
    }

    struct Overlap: Sendable {
        let left: String
        let right: String
        let isThere: Bool
    }

    @Test(
        "Templates overlap when some topic belongs to both",
        arguments: [
            Overlap(left: "a/{device}", right: "a/b", isThere: true),
            Overlap(left: "a/{device}", right: "b/{device}", isThere: false),
            Overlap(left: "a/{device}", right: "a/b/c", isThere: false),
            Overlap(left: "a/#", right: "a/b/c", isThere: true),
            Overlap(left: "a/#", right: "a", isThere: true),
            Overlap(left: "a/#", right: "b", isThere: false),
            Overlap(left: "{device}/x", right: "y/{sensor}", isThere: true),
        ]
    )
    func overlap(_ sample: Overlap) throws {
        let left = try TopicTemplate(parsing: sample.left)
        let right = try TopicTemplate(parsing: sample.right)
        #expect(left.overlaps(right) == sample.isThere)
        #expect(right.overlaps(left) == sample.isThere)
    }

    @Test("Overlap and matching agree on random templates and topics")
    func agreement() throws {
        var random = SystemRandomNumberGenerator()
        let levels = ["a", "b", "+", "{device}", "{_}"]
        for _ in 0..<2000 {
            func make() throws -> TopicTemplate {
                var parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    levels.randomElement(using: &random) ?? "a"
                }
                if parts.count(where: { $0 == "{device}" }) > 1 { parts = ["{device}"] }
                if Bool.random(using: &random) { parts.append("#") }
                return try TopicTemplate(parsing: parts.joined(separator: "/"))
            }
            let left = try make()
            let right = try make()
            for topic in ["a", "b", "a/b", "b/a", "a/a/b", "b/b/a/a"] {
                let isBoth = Array(topic.utf8).withUnsafeBytes {
                    left.match($0) != nil && right.match($0) != nil
                }
                if isBoth { #expect(left.overlaps(right), "\(left) \(right) \(topic)") }
            }
        }
    }
}
