import CBytes
import Testing

@Suite("Sixteen bytes at a time")
struct BytesTests {
    @Test("the processor's forms give what the plain ones give")
    func masks() {
        var random = Random(seed: 12)
        let special = Array("\"\\ \n\r\t,=/0123456789:a\u{1F}".utf8) + [0x7F, 0x80, 0xFF, 0]
        for round in 0..<20_000 {
            let bytes = (0..<16).map { _ in
                round % 2 == 0 ? UInt8(truncatingIfNeeded: random.next()) : random.pick(special)
            }
            let other = bytes.map { random.next() % 4 == 0 ? $0 ^ 1 : $0 }
            let a = random.pick(special)
            let b = random.pick(bytes)
            let isSame =
                bytes_string(bytes) == bytes_plain_string(bytes)
                && bytes_odd(bytes) == bytes_plain_odd(bytes)
                && bytes_series(bytes) == bytes_plain_series(bytes)
                && bytes_key(bytes) == bytes_plain_key(bytes)
                && bytes_digits(bytes) == bytes_plain_digits(bytes)
                && bytes_same(bytes, other) == bytes_plain_same(bytes, other)
                && bytes_any(bytes, a, b, 0x22, 0x20) == bytes_plain_any(bytes, a, b, 0x22, 0x20)
            if !isSame { Issue.record("seed 12, \(bytes), \(other)") }
        }
    }

    @Test("digits are a number, whatever follows them")
    func decimals() {
        var random = Random(seed: 13)
        for _ in 0..<5_000 {
            let count = 1 + Int(random.next() % 8)
            let number = (0..<count).reduce(UInt64(0)) { value, _ in value * 10 + random.next() % 10
            }
            let text = String(number)
            let bytes =
                Array(repeating: 0x30, count: count - text.utf8.count) + Array(text.utf8)
                + (0..<8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if bytes_decimal(bytes, Int32(count)) != number { Issue.record("seed 13, \(bytes)") }
        }
        #expect((0...8).map { bytes_whole_power($0) }.last == 100_000_000)
        #expect(bytes_power(15) == 1e15)
    }

    @Test("the first bytes are kept, the others are zeros")
    func words() {
        let bytes = Array(UInt8(1)...16)
        for count in 0...16 {
            let words = bytes_words(bytes, Int32(count))
            for index in 0..<16 {
                let word = index < 8 ? words.head : words.tail
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(index % 8 * 8))
                #expect(byte == (index < count ? bytes[index] : 0))
            }
        }
    }
}
