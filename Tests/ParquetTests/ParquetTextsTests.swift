import Testing

@testable import Parquet

@Suite("Texts as bytes") struct ParquetTextsTests {
    private static let samples = ["pump-1", "", "Wärme-ü", "温度", "a", "pump-1", "a longer text"]

    @Test("Texts read back in their order, from every way in")
    func roundTrip() {
        var appended = ParquetTexts()
        for text in Self.samples { appended.append(text) }
        var joined = ParquetTexts(Self.samples.prefix(3))
        joined.append(contentsOf: ParquetTexts(Self.samples.dropFirst(3)))
        for texts in [appended, joined, ParquetTexts(Self.samples)] {
            #expect(Array(texts) == Self.samples)
            #expect(texts == appended)
            for (index, text) in Self.samples.enumerated() {
                #expect(texts.byteCount(of: index) == text.utf8.count)
                #expect(texts.withBytes(of: index) { $0.elementsEqual(text.utf8) })
            }
        }
        #expect(["a", "b"] as ParquetTexts != ["ab", ""])
    }

    @Test("Bytes that are no UTF-8 are refused wherever they stand")
    func validation() {
        for count in 1...20 {
            for place in 0..<count {
                var bytes = [UInt8](repeating: 0x61, count: count)
                bytes[place] = 0xFF
                var texts = ParquetTexts()
                #expect(bytes.withUnsafeBytes { !texts.append(validating: $0) } && texts.isEmpty)
                bytes[place] = 0x7F
                #expect(bytes.withUnsafeBytes { texts.append(validating: $0) })
                #expect(texts.first?.utf8.elementsEqual(bytes) == true)
            }
        }
    }

    @Test("Codes, bounds and byte counts are those that rows one by one give", arguments: 0..<20)
    func used(seed: Int) {
        var state = UInt64(seed)
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let dictionary = (0..<30).map { _ in
            let end = random(4) == 0 ? "é" : ""
            return String(repeating: "xy", count: random(3)) + "\(random(50))" + end
        }
        let all = (0..<200).map { _ in
            random(9) == 0 ? ParquetColumn.nullIndex : UInt32(random(1 + random(30)))
        }
        let rows = random(50)..<(100 + random(100))
        let texts = all[rows].map { $0 == ParquetColumn.nullIndex ? nil : dictionary[Int($0)] }
        let present = texts.compactMap(\.self)
        let used = UsedTexts(ParquetTexts(dictionary), all[rows])
        #expect(used.codes.count == rows.count && used.presentCount == present.count)
        for (code, index) in zip(used.codes, all[rows]) where index != ParquetColumn.nullIndex {
            #expect(used.indices[Int(code)] == index)
        }
        #expect(Set(used.indices).count == used.indices.count)
        #expect(used.plainByteCount == present.reduce(0) { $0 + 4 + $1.utf8.count })
        #expect(used.longestByteCount == present.map(\.utf8.count).max())
        let statistics = ChunkStatistics(
            .string(dictionary: ParquetTexts(dictionary), indices: all),
            rows: rows,
            presence: all.map { $0 != ParquetColumn.nullIndex },
            texts: used
        )
        let sorted = present.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(statistics.min == sorted.first && statistics.max == sorted.last)
        #expect(statistics.nullCount == rows.count - present.count)
    }
}
