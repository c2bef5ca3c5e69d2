import Core
import FoundationEssentials
import Testing

@Suite("Series keys")
struct SeriesKeyTests {
    @Test("names of 1 to 256 bytes of UTF-8 are allowed")
    func allowed() throws {
        for name in [
            "a", "pump-7", "Ü", "a b", ".", "..", "日本", String(repeating: "x", count: 256),
        ] {
            let key = try SeriesKey(device: name, sensor: name)
            #expect(key.description == name + "/" + name)
            #expect(try SeriesKey(parsing: key.description) == key)
        }
        #expect(try SeriesKey(parsing: "d").isDevice)
        #expect(try SeriesKey(parsing: "d") == SeriesKey(device: "d"))
    }

    @Test(
        "other names are refused",
        arguments: [
            "", "a/b", "a\nb", "a\0b", "\u{7F}", "\u{85}", "x\u{9F}", "\t",
            String(repeating: "x", count: 257), String(repeating: "ü", count: 129),
        ]
    )
    func refused(_ name: String) {
        #expect(throws: FleetError.self) { try SeriesKey(device: name, sensor: "s") }
        #expect(throws: FleetError.self) { try SeriesKey(device: "d", sensor: name) }
    }

    @Test("bytes that are not UTF-8 are no name")
    func invalidBytes() {
        let rows: [[UInt8]] = [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0x61, 0x80]]
        for bytes in rows {
            #expect(!bytes.withUnsafeBytes { SeriesKey.isAllowed($0) }, "\(bytes)")
        }
        #expect([0xC2, 0xA0].map(UInt8.init).withUnsafeBytes { SeriesKey.isAllowed($0) })
    }

    @Test(
        "text that is no key is refused",
        arguments: ["", "/", "a/", "/b", "a/b/c", "a//b"]
    )
    func badText(_ text: String) {
        #expect(throws: FleetError.self) { try SeriesKey(parsing: text) }
    }

    @Test("keys are ordered bytewise as tuples")
    func order() throws {
        let ascending = [
            SeriesKey(uncheckedDevice: "a", sensor: ""),
            SeriesKey(uncheckedDevice: "a", sensor: "z"),
            SeriesKey(uncheckedDevice: "a b", sensor: "a"),
            SeriesKey(uncheckedDevice: "aa", sensor: "B"),
            SeriesKey(uncheckedDevice: "aa", sensor: "a"),
            SeriesKey(uncheckedDevice: "a\u{30A}", sensor: "a"),
            SeriesKey(uncheckedDevice: "\u{E5}", sensor: "a"),
            SeriesKey(uncheckedDevice: "\u{FFFD}", sensor: "a"),
            SeriesKey(uncheckedDevice: "\u{1F600}", sensor: "a"),
        ]
        for (left, first) in ascending.enumerated() {
            for (right, second) in ascending.enumerated() {
                #expect((first < second) == (left < right))
                #expect((first == second) == (left == right))
            }
        }
    }

    @Test("canonically equivalent texts are different keys")
    func equivalence() {
        let composed = SeriesKey(uncheckedDevice: "\u{E5}", sensor: "s")
        let decomposed = SeriesKey(uncheckedDevice: "a\u{30A}", sensor: "s")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test("file names hold unreserved characters only")
    func fileNames() throws {
        #expect("a b".percentEncodedForPath == "a%20b")
        #expect("..".percentEncodedForPath == "%2E.")
        #expect("a.b-c_d~e".percentEncodedForPath == "a.b-c_d~e")
        #expect("ü%/".percentEncodedForPath == "%C3%BC%25%2F")
        #expect("".percentEncodedForPath == "")
        #expect(try SeriesKey(device: "p 1", sensor: "t").fileName == "p%201_t")
        #expect(try SeriesKey(device: "p").fileName == "p")
    }

    @Test("JSON holds the text of a key and refuses what is none")
    func json() throws {
        let key = try SeriesKey(device: "pump", sensor: "t")
        let data = try JSONEncoder().encode([key])
        #expect(try JSONDecoder().decode([SeriesKey].self, from: data) == [key])
        #expect(throws: FleetError.self) {
            try JSONDecoder().decode([SeriesKey].self, from: Data(#"["a/b/c"]"#.utf8))
        }
    }

    @Test("a partition depends on the device alone")
    func partitions() throws {
        for count in [1, 16, 17] {
            let first = try SeriesKey(device: "pump-7", sensor: "a").partition(of: count)
            let second = try SeriesKey(device: "pump-7", sensor: "b").partition(of: count)
            #expect(first == second)
            #expect((0..<count).contains(first))
        }
    }
}
