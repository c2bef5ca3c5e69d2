import Core
import Testing

@Suite("XXH64")
struct XXHash64Tests {
    @Test("published values are met")
    func published() {
        #expect(XXHash64.hash("") == 0xEF46_DB37_51D8_E999)
        #expect(XXHash64.hash("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(XXHash64.hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(
            XXHash64.hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1
        )
    }

    @Test("the specification's own sanity buffer is met at every code path")
    func sanityBuffer() {
        // The buffer and the values of xxHash's own sanity check, seeds 0 and 2654435761.
        var bytes: [UInt8] = []
        var generator: UInt64 = 2_654_435_761
        for _ in 0..<222 {
            bytes.append(UInt8(truncatingIfNeeded: generator >> 56))
            generator = generator &* 11_400_714_785_074_694_797
        }
        let rows: [(Int, UInt64, UInt64)] = [
            (0, 0, 0xEF46_DB37_51D8_E999), (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
            (1, 0, 0xE934_A84A_DB05_2768), (1, 2_654_435_761, 0x5014_6076_43A9_B4C3),
            (4, 0, 0x9136_A0DC_A574_57EE), (14, 0, 0x8282_DCC4_994E_35C8),
            (14, 2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0), (222, 0, 0xB641_AE8C_B691_C174),
            (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A),
        ]
        for (count, seed, expected) in rows {
            let hash = bytes[..<count].withUnsafeBytes { XXHash64.hash($0, seed: seed) }
            #expect(hash == expected, "\(count) bytes, seed \(seed)")
        }
    }

    @Test("bytes need no alignment")
    func alignment() {
        let text = Array("0123456789abcdef0123456789abcdef0123456789abcdef!".utf8)
        let expected = text.withUnsafeBytes { XXHash64.hash($0) }
        for shift in 1...9 {
            let shifted = [UInt8](repeating: 0, count: shift) + text
            let hash = shifted.withUnsafeBytes {
                XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0[shift...]))
            }
            #expect(hash == expected)
        }
    }
}
