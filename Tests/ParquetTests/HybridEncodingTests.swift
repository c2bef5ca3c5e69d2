import Testing

@testable import Parquet

@Suite("Hybrid run encoding") struct HybridEncodingTests {
    @Test("Random runs read back, at every bit width", arguments: 1...32)
    func roundTrip(bitWidth: Int) throws {
        var state = UInt64(bitWidth)
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 32
        }
        let mask = UInt32.max >> UInt32(32 - bitWidth)
        for _ in 0..<20 {
            var values: [UInt32] = []
            for _ in 0..<(random() % 12) {
                let value = UInt32(truncatingIfNeeded: random()) & mask
                values += Array(repeating: value, count: Int(random() % 20) + 1)
            }
            var bytes: [UInt8] = []
            HybridEncoding.append(values, bitWidth: bitWidth, to: &bytes)
            let read = try bytes.withUnsafeBytes { buffer in
                var cursor = ByteCursor(buffer)
                return try HybridEncoding.decode(
                    &cursor,
                    bitWidth: bitWidth,
                    count: values.count,
                    max: mask
                )
            }
            #expect(read == values)
        }
    }

    @Test("A number above the largest allowed is refused")
    func tooLarge() {
        var bytes: [UInt8] = []
        HybridEncoding.append([1, 2, 3], bitWidth: 2, to: &bytes)
        #expect(throws: ParquetError.self) {
            try bytes.withUnsafeBytes { buffer in
                var cursor = ByteCursor(buffer)
                return try HybridEncoding.decode(&cursor, bitWidth: 2, count: 3, max: 2)
            }
        }
    }

    @Test("The bit width holds the largest number")
    func bitWidth() {
        #expect(
            [0, 1, 2, 3, 4, 255, 256].map(HybridEncoding.bitWidth(max:)) == [0, 1, 2, 2, 3, 8, 9]
        )
    }
}
