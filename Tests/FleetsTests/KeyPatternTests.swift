import Core
import Fleets
import Packs
import Testing

@Suite("Key patterns")
struct KeyPatternTests {
    struct Reading: Sendable, CustomTestStringConvertible {
        let pattern: String
        let name: String
        let keys: [String]

        var testDescription: String { "\(pattern) reads \(name)" }
    }

    static let readings = [
        Reading(pattern: "model_{device}_{sensor}", name: "model_pump_temp", keys: ["pump/temp"]),
        Reading(
            pattern: "model_{device}_{sensor}",
            name: "model_a_b_c",
            keys: ["a_b/c", "a/b_c"]
        ),
        Reading(
            pattern: "{device}_{sensor}",
            name: "a_b_c_d",
            keys: ["a_b_c/d", "a_b/c_d", "a/b_c_d"]
        ),
        Reading(pattern: "{sensor}-{device}", name: "temp-p1", keys: ["p1/temp"]),
        Reading(pattern: "model_{device}", name: "model_pump_7", keys: ["pump_7"]),
        Reading(pattern: "model_{device}", name: "other_pump", keys: []),
        Reading(pattern: "{device}_{sensor}.v1", name: "a_b.v1", keys: ["a/b"]),
        Reading(pattern: "{device}_{sensor}.v1", name: "a_b.v2", keys: []),
        Reading(pattern: "model_{sensor}", name: "model_temp", keys: ["device/temp"]),
        Reading(pattern: "model_{device}_{sensor}", name: "model__b", keys: []),
        Reading(pattern: "model_{device}_{sensor}", name: "model_a_", keys: []),
        Reading(pattern: "model_{device}_{sensor}", name: "model_a", keys: []),
        Reading(pattern: "{device}_{sensor}", name: "a%5Fb_c%20d", keys: ["a_b/c d"]),
        Reading(pattern: "{device}_{sensor}", name: "K%C3%BChler_T", keys: ["Kühler/T"]),
        Reading(pattern: "{device}_{sensor}", name: "100%_T", keys: ["100%/T"]),
        // Half a character and a slash are no names.
        Reading(pattern: "{device}_{sensor}", name: "a%C3_b", keys: []),
        Reading(pattern: "{device}", name: "a%00", keys: []),
    ]

    @Test("a name means every key that fits, the longest device first", arguments: readings)
    func keys(_ reading: Reading) throws {
        let pattern = try KeyPattern(parsing: reading.pattern)
        #expect(pattern.keys(in: reading.name).map(\.description) == reading.keys)
    }

    @Test("an encoded slash never makes a key of more parts")
    func encodedSlash() throws {
        let pattern = try KeyPattern(parsing: "{device}_{sensor}")
        for key in pattern.keys(in: "a%2Fb_c") + pattern.keys(in: "a_b%2Fc") {
            #expect(!key.device.contains("/") && !key.sensor.contains("/"), "\(key)")
        }
        #expect(try KeyPattern(parsing: "{device}").keys(in: "a%2Fb%2Fc").isEmpty)
    }

    @Test("the name that a key writes is read back to the key")
    func roundTrip() throws {
        let pattern = try KeyPattern(parsing: "{device}_{sensor}")
        for text in ["a/b", "a_b/c_d", "pump 7/temp", ".x/ü%41", "a~b/c.d", "\u{65}\u{301}/é"] {
            let key = try SeriesKey(parsing: text)
            #expect(pattern.keys(in: key.fileName).contains(key), "\(text) as \(key.fileName)")
        }
    }

    @Test("the default device can be named")
    func defaultDevice() throws {
        let pattern = try KeyPattern(parsing: "{sensor}", defaultDevice: "plant")
        #expect(pattern.keys(in: "temp").map(\.description) == ["plant/temp"])
        #expect(pattern.hasSensor)
        #expect(try !KeyPattern(parsing: "{device}").hasSensor)
    }

    @Test(
        "a pattern that names no key, or a part twice, is refused with the pattern in the message",
        arguments: [
            "", "model", "{device", "{device}_{device}", "{sensor}{sensor}", "{machine}", "{}",
            "{Device}_{sensor}",
        ]
    )
    func refused(_ text: String) throws {
        let error = try #require(throws: FleetError.self) { try KeyPattern(parsing: text) }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("\"\(text)\""))
    }

    @Test(
        "the suffix of a model file is no part of its name",
        arguments: [
            ("dir/model_a_b.pkl", "model_a_b"), ("model_a_b.PICKLE", "model_a_b"),
            ("x/y/model.joblib", "model"), ("model_a_b", "model_a_b"), ("a.pkl.pkl", "a.pkl"),
            ("model_a_b.onnx", "model_a_b"), ("model_a_b.joblib.gz", "model_a_b"),
        ]
    )
    func stems(_ path: String, _ stem: String) {
        #expect(ModelFile(path: path, bytes: []).stem == stem)
    }

    @Test("importing reads names as the pattern says, percent-encoded ones too")
    func importing() async throws {
        for reading in Self.readings {
            let pattern = try KeyPattern(parsing: reading.pattern)
            let files = [ModelFile(path: "x/\(reading.name).pkl", bytes: [])]
            let outcome = try await FleetImporter(pattern: pattern).run(files)
            let first = reading.keys.first.map { [$0] } ?? []
            #expect(outcome.entries.map(\.key.description) == first, "\(reading)")
            for key in reading.keys {
                let known: Set = [try SeriesKey(parsing: key)]
                let chosen = try await FleetImporter(pattern: pattern, knownKeys: known).run(files)
                #expect(chosen.entries.map(\.key.description) == [key], "\(reading)")
            }
        }
    }
}
