import Testing

@testable import EventLog

@Suite("CRC-32C") struct CRC32CTests {
    private struct Case {
        let bytes: [UInt8]
        let checksum: UInt32
    }

    @Test("Known checksums of RFC 3720")
    func known() {
        let cases = [
            Case(bytes: [], checksum: 0),
            Case(bytes: Array("123456789".utf8), checksum: 0xE306_9283),
            Case(bytes: Array(repeating: 0, count: 32), checksum: 0x8A91_36AA),
            Case(bytes: Array(repeating: 0xFF, count: 32), checksum: 0x62A8_AB43),
            Case(bytes: Array(0..<32), checksum: 0x46DD_794E),
            Case(bytes: (0..<32).reversed(), checksum: 0x113F_DB5C),
        ]
        for item in cases {
            #expect(item.bytes.withUnsafeBytes { CRC32C.checksum($0) } == item.checksum)
        }
    }

    @Test("A checksum can be continued at any byte")
    func continued() {
        let bytes = (0..<100).map { UInt8($0) }
        let whole = bytes.withUnsafeBytes { CRC32C.checksum($0) }
        for split in 0...100 {
            let first = Array(bytes[..<split]).withUnsafeBytes { CRC32C.checksum($0) }
            let both = Array(bytes[split...]).withUnsafeBytes {
                CRC32C.checksum($0, after: first)
            }
            #expect(both == whole)
        }
    }

    @Test("The processor's instruction gives what the tables give, at every length and start")
    func instruction() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        bytes.withUnsafeBytes { all in
            for start in 0..<16 {
                for end in start...all.count {
                    let part = UnsafeRawBufferPointer(rebasing: all[start..<end])
                    let previous = UInt32(start) &* 0x9E37_79B9
                    #expect(
                        CRC32C.checksum(part, after: previous)
                            == CRC32C.tableChecksum(part, after: previous)
                    )
                }
            }
        }
    }
}
