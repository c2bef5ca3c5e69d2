import Parquet
import Testing

@Suite("Parquet reader") struct ParquetReaderTests {
    /// Reads everything and gives up at the first error.
    private func readAll(_ file: [UInt8]) throws {
        try file.withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes, pageByteCountMax: 1 << 20)
            for name in reader.columnNames { _ = try reader.column(name) }
        }
    }

    @Test("A file cut anywhere is refused with an error")
    func truncations() throws {
        let file = try Sample.everyKind("cut", rowCount: 20).file()
        for count in stride(from: 0, to: file.count, by: 7) {
            #expect(throws: ParquetError.self, "cut at \(count)") {
                try readAll(Array(file.prefix(count)))
            }
        }
    }

    @Test("No flipped byte makes the reader trap", arguments: [UInt64(1), 2, 3])
    func flips(seed: UInt64) throws {
        var options = smallPages(seed == 1 ? .zstd(level: 1) : .none)
        options.rowGroupRowCountMax = 40
        let file = try Sample.everyKind("flips", rowCount: 60, options: options).file()
        var state = seed
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        var refusedCount = 0
        for _ in 0..<400 {
            var damaged = file
            for _ in 0..<(1 + random() % 3) {
                damaged[Int(random() % UInt64(file.count))] = UInt8(random() % 256)
            }
            do {
                try readAll(damaged)
            } catch is ParquetError {
                refusedCount += 1
            }
        }
        #expect(refusedCount > 20, "seed \(seed)")
    }

    @Test("A flipped byte of the footer is refused or harmless")
    func footerFlips() throws {
        let file = try Sample.allNull.file()
        for index in max(0, file.count - 600)..<file.count {
            for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var damaged = file
                damaged[index] ^= mask
                do {
                    try readAll(damaged)
                } catch {
                    #expect(error is ParquetError, "byte \(index), mask \(mask)")
                }
            }
        }
    }

    @Test("An unknown column is named")
    func missingColumn() throws {
        try Sample.allNull.file().withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            #expect(throws: ParquetError.missingColumn("nope")) { try reader.column("nope") }
            #expect(throws: ParquetError.self) { try reader.column("flag", rowGroup: 9) }
        }
    }

    @Test("Bytes that are no parquet file are refused")
    func noParquet() {
        for bytes in [[], Array("PAR1PAR1".utf8), Array("PAR1\0\0\0\0PAR1".utf8)] as [[UInt8]] {
            #expect(throws: ParquetError.self) { try readAll(bytes) }
        }
    }
}
