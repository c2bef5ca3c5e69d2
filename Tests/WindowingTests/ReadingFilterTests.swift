import Core
import Testing

@testable import Windowing

@Suite("Reading filters and window definitions")
struct ReadingFilterTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let value: Double
        let accepts: Bool
        var testDescription: String { "\(text) on \(value)" }
    }

    @Test(
        "A filter takes the readings it describes",
        arguments: [
            Case(text: "value > -50", value: -50, accepts: false),
            Case(text: "value > -50", value: -49, accepts: true),
            Case(text: "value>=-50", value: -50, accepts: true),
            Case(text: " value < 1e3 ", value: 999, accepts: true),
            Case(text: "value <= 2.5", value: 2.6, accepts: false),
            Case(text: "value == 0", value: -0.0, accepts: true),
            Case(text: "value != 0", value: 0, accepts: false),
            Case(text: "value > 0 and value < 9 or value == -1", value: -1, accepts: true),
            Case(text: "value > 0 and value < 9 or value == -1", value: 9, accepts: false),
            Case(text: "value == -1 or value > 0 AND value < 9", value: 9, accepts: false),
            Case(text: "value == -1 or value > 0 and value < 9", value: -1, accepts: true),
            Case(text: "value > 0", value: .nan, accepts: false),
        ]
    )
    func accepts(_ item: Case) throws {
        #expect(try ReadingFilter(parsing: item.text).accepts(item.value) == item.accepts)
    }

    @Test(
        "A bad filter is refused with its bad token",
        arguments: [
            ("", "the end"), ("value", "the end"), ("value >", "the end"),
            ("temperature > 3", "\"temperature\""), ("value >> 3", "\">>\""),
            ("value = 3", "\"=\""), ("value > abc", "\"abc\""), ("value > nan", "\"nan\""),
            ("value > inf", "\"inf\""), ("value > 0x10", "\"0x10\""),
            ("value > 1e999", "\"1e999\""), ("value > 3 xor value < 2", "\"xor\""),
            ("value > 3 and", "the end"), ("value > 3 and 4", "\"4\""),
        ]
    )
    func refuses(_ text: String, _ token: String) {
        let error = #expect(throws: FleetError.self) { try ReadingFilter(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("found \(token)") == true)
    }

    @Test("A filter has a bounded length")
    func bounds() {
        let many = Array(repeating: "value > 1", count: 33).joined(separator: " or ")
        #expect(throws: FleetError.self) { try ReadingFilter(parsing: many) }
        let long = "value > 1" + String(repeating: " ", count: 1100)
        #expect(throws: FleetError.self) { try ReadingFilter(parsing: long) }
    }

    @Test("A definition out of range is refused and named")
    func definitions() throws {
        _ = try WindowDefinition(name: "A-z_9", size: .milliseconds(1))
        _ = try WindowDefinition(
            name: "y",
            size: WindowDefinition.durationMax,
            allowedLateness: WindowDefinition.durationMax
        )
        for name in ["", "a b", "a/b", "ä", String(repeating: "n", count: 65)] {
            #expect(throws: FleetError.self) {
                try WindowDefinition(name: name, size: .seconds(1))
            }
        }
        let sizes: [Duration] = [
            .zero, .seconds(-1), .microseconds(999), .seconds(367 * 86_400),
            .seconds(Int64.max), .nanoseconds(1_000_001),
        ]
        for size in sizes {
            let error = #expect(throws: FleetError.self) {
                try WindowDefinition(name: "w", size: size)
            }
            #expect(error?.message.contains("window \"w\"") == true)
        }
        let twin = try WindowDefinition(name: "w", size: .seconds(1))
        #expect(throws: FleetError.self) {
            try WindowDefinition.checkNamesAreDistinct([twin, twin])
        }
        for lateness in [Duration.seconds(-1), .seconds(367 * 86_400)] {
            #expect(throws: FleetError.self) {
                try WindowDefinition(name: "w", size: .seconds(1), allowedLateness: lateness)
            }
        }
    }
}
