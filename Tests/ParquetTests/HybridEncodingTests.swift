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

    /// Packed numbers a bit at a time, as the format describes them.
    private func packed(_ values: [UInt32], _ bitWidth: Int) -> [UInt8] {
        let groupCount = (values.count + 7) / 8
        var bytes = [UInt8](repeating: 0, count: groupCount * bitWidth)
        for (index, value) in values.enumerated() {
            for bit in 0..<bitWidth where value >> UInt32(bit) & 1 == 1 {
                let place = index * bitWidth + bit
                bytes[place / 8] |= 1 << UInt8(place % 8)
            }
        }
        return [UInt8(groupCount << 1 | 1)] + bytes
    }

    @Test("Numbers are packed bit behind bit, whatever the last group lacks", arguments: 1...32)
    func packing(bitWidth: Int) throws {
        let mask = UInt32.max >> UInt32(32 - bitWidth)
        for count in 1...40 {
            // Neighbours differ, so that nothing becomes a run.
            let values = (0..<UInt32(count)).map { ($0 &* 0x9E37_79B9 ^ ($0 & 1)) & mask }
            guard zip(values, values.dropFirst()).allSatisfy({ $0 != $1 }) else { continue }
            var bytes: [UInt8] = [7]
            HybridEncoding.append(values[...], bitWidth: bitWidth, to: &bytes)
            #expect(bytes == [7] + packed(values, bitWidth), "\(count) numbers")
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
