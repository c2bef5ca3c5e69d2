import Core
import Testing

@Suite("Series dictionary")
struct SeriesDictionaryTests {
    @Test("ids are dense, in order of first appearance, and found again")
    func ids() throws {
        var dictionary = SeriesDictionary()
        var keys: [SeriesKey] = []
        for number in 0..<2000 {
            keys.append(try SeriesKey(device: "d\(number / 4)", sensor: "s\(number % 4)"))
        }
        for (index, key) in keys.enumerated() { #expect(dictionary.insert(key) == UInt32(index)) }
        for (index, key) in keys.enumerated() {
            guard dictionary.insert(key) == UInt32(index), dictionary.id(of: key) == UInt32(index)
            else {
                Issue.record("\(key)")
                return
            }
        }
        #expect(Array(dictionary.keys) == keys)
        #expect(dictionary.count == keys.count)
        #expect(dictionary.id(of: try SeriesKey(device: "d0", sensor: "s9")) == nil)
    }

    @Test("where the device ends matters, and so does an empty sensor")
    func boundaries() {
        let keys = [
            SeriesKey(uncheckedDevice: "ab", sensor: "c"),
            SeriesKey(uncheckedDevice: "a", sensor: "bc"),
            SeriesKey(uncheckedDevice: "abc", sensor: ""),
            SeriesKey(uncheckedDevice: "\u{E5}", sensor: "x"),
            SeriesKey(uncheckedDevice: "a\u{30A}", sensor: "x"),
        ]
        let dictionary = SeriesDictionary(keys)
        #expect(dictionary.count == keys.count)
        for (index, key) in keys.enumerated() { #expect(dictionary.id(of: key) == UInt32(index)) }
    }

    @Test("a copy does not change with its original")
    func values() throws {
        var original = SeriesDictionary([try SeriesKey(device: "a", sensor: "b")])
        let copy = original
        _ = original.insert(try SeriesKey(device: "c", sensor: "d"))
        #expect(copy.count == 1)
        #expect(copy.id(of: try SeriesKey(device: "c", sensor: "d")) == nil)
    }
}
