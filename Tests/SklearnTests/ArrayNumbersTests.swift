import Testing

@testable import Sklearn

@Suite("Numbers of numpy arrays")
struct ArrayNumbersTests {
    struct Case: Sendable {
        var kind: Character
        var size: Int
        var isBigEndian = false
        var bytes: [UInt8]
        var expected: [Double]?
    }

    static let cases = [
        Case(kind: "f", size: 8, bytes: [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], expected: [1.5]),
        Case(
            kind: "f",
            size: 8,
            isBigEndian: true,
            bytes: [0xBF, 0xF8, 0, 0, 0, 0, 0, 0],
            expected: [-1.5]
        ),
        Case(kind: "f", size: 4, bytes: [0, 0, 0xC0, 0x3F], expected: [1.5]),
        Case(
            kind: "i",
            size: 8,
            bytes: [UInt8](repeating: 0xFE, count: 1)
                + [UInt8](repeating: 0xFF, count: 7),
            expected: [-2]
        ),
        Case(kind: "i", size: 4, isBigEndian: true, bytes: [0, 0, 1, 2], expected: [258]),
        Case(kind: "i", size: 1, bytes: [0xFF, 1], expected: [-1, 1]),
        Case(kind: "u", size: 1, bytes: [0xFF, 1], expected: [255, 1]),
        Case(kind: "u", size: 2, bytes: [1, 2], expected: [513]),
        Case(kind: "b", size: 1, bytes: [0, 1, 7], expected: [0, 1, 1]),
        Case(kind: "c", size: 16, bytes: [UInt8](repeating: 0, count: 16), expected: nil),
        Case(kind: "f", size: 2, bytes: [0, 0], expected: nil),
        Case(kind: "f", size: 8, bytes: [], expected: []),
    ]

    @Test("Every element type widens to float64 in both byte orders", arguments: cases)
    func widening(example: Case) {
        example.bytes.withUnsafeBytes { bytes in
            let arena = PickleArena(bytes, limits: DecodeLimits())
            let element = ElementType(
                kind: example.kind.asciiValue ?? 0,
                size: example.size,
                isBigEndian: example.isBigEndian
            )
            let count = bytes.count / example.size
            let array = PickleArray(
                element: element,
                rows: count,
                count: count,
                data: ByteSlice(offset: 0, count: bytes.count)
            )
            #expect(arena.numbers(array) == example.expected)
        }
    }

    @Test("Column order becomes row order; three axes are no matrix")
    func order() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
        bytes.withUnsafeBytes { bytes in
            let arena = PickleArena(bytes, limits: DecodeLimits())
            let element = ElementType(kind: UInt8(ascii: "u"), size: 1)
            var array = PickleArray(
                element: element,
                rank: 2,
                rows: 2,
                columns: 3,
                count: 6,
                isFortran: true,
                data: ByteSlice(offset: 0, count: 6)
            )
            #expect(arena.numbers(array) == [1, 3, 5, 2, 4, 6])
            array.isFortran = false
            #expect(arena.numbers(array) == [1, 2, 3, 4, 5, 6])
            array.rank = 3
            #expect(arena.numbers(array) == nil)
        }
    }

    @Test("numpy's wide texts become UTF-8 without their padding")
    func wideText() {
        let bytes: [UInt8] = [0x44, 0, 0, 0, 0xFC, 0, 0, 0, 0, 0, 0, 0]
        bytes.withUnsafeBytes { bytes in
            let arena = PickleArena(bytes, limits: DecodeLimits())
            let text = arena.wideText(ByteSlice(offset: 0, count: 12), isBigEndian: false)
            #expect(String(decoding: text, as: UTF8.self) == "D\u{FC}")
        }
    }
}
