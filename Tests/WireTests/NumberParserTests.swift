import Testing

@testable import Wire

@Suite("Number parser")
struct NumberParserTests {
    private func parse(_ text: String) -> NumberParser.Outcome {
        var copy = text + "\0"
        return copy.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return .notANumber }
            return NumberParser.parse(start, bytes.count - 1)
        }
    }

    /// Whether the parser and the standard library agree bit for bit.
    private func agrees(_ text: String) -> Bool {
        guard case .finite(let value) = parse(text), let expected = Double(text) else {
            return false
        }
        return value.bitPattern == expected.bitPattern
    }

    @Test("numbers of every form equal Double(String)")
    func forms() {
        let texts = [
            "0", "-0", "0.0", "-0.0", "1", "+1", "-1", "10.16", ".5", "5.", "-.5", "1e5", "1E5",
            "1e+5", "1e-5", "1.5e300", "1e22", "1e23", "1e-22", "1e-23", "9007199254740992",
            "9007199254740993", "9007199254740993e1", "18446744073709551615",
            "18446744073709551616", "99999999999999999999999", "0.1", "0.30000000000000004",
            "1.7976931348623157e308", "4.9e-324", "2.4703282292062327e-324", "1e-400",
            "2.2250738585072011e-308", "2.2250738585072014e-308", "000000000000000000000001.5",
            "0.000000000000000000000000000001", "0e999999999999", "0.0e-99999", "1e-999999999",
            "9007199254740993.0", "4503599627370496.5", "4503599627370497.5",
            "9007199254740991.5", "123456789012345678.9", "9.5367431640625e-7",
            String(repeating: "1", count: 300), "0." + String(repeating: "3", count: 900),
        ]
        for text in texts { #expect(agrees(text), "\(text)") }
    }

    @Test("random numbers equal Double(String)")
    func property() {
        var random = Random(seed: 1)
        for _ in 0..<40_000 {
            let bits = Double(bitPattern: random.next())
            let digits = String(random.next() >> (random.next() % 64))
            let cut = Int(random.next() % UInt64(digits.utf8.count + 1))
            let texts = [
                bits.isFinite ? "\(bits)" : "1",
                digits.prefix(cut) + "." + digits.dropFirst(cut),
                "\(Double(random.next() >> 11) / 1e14)",
                "\(digits)e\(Int(random.next() % 640) - 320)",
            ]
            for text in texts {
                guard case .finite = parse(text) else {
                    #expect(Double(text)?.isFinite != true, "seed 1, \(text)")
                    continue
                }
                if !agrees(text) { Issue.record("seed 1, \(text)") }
            }
        }
    }

    @Test("halfway cases round to even")
    func halfway() {
        var random = Random(seed: 2)
        for _ in 0..<5000 {
            // An odd multiple of half a unit in the last place, written exactly.
            let mantissa = (random.next() >> 11) | 1 << 52
            let whole = mantissa >> 6
            let fraction = (mantissa & 63) * 2 + 1
            var digits = String(fraction * 78_125)
            digits = String(repeating: "0", count: 7 - min(7, digits.utf8.count)) + digits
            for text in ["\(whole >> 20).\(digits)", "\(whole).\(digits)"] {
                if !agrees(text) { Issue.record("seed 2, \(text)") }
            }
        }
        for text in ["4503599627370496.5", "4503599627370497.5", "4503599627370496.25"] {
            #expect(agrees(text))
        }
    }

    @Test(
        "infinities, NaN and overflow are not finite",
        arguments: [
            "nan", "NaN", "-nan", "inf", "-Inf", "+INF", "infinity", "-Infinity", "1e309", "-1e999",
            "1e99999999999999999999", "2e308",
        ]
    )
    func notFinite(_ text: String) {
        #expect(parse(text) == .notFinite)
    }

    @Test(
        "anything else is not a number",
        arguments: [
            "", "-", "+", ".", "e5", "1e", "1e+", "1 ", " 1", "1,5", "0x10", "1_000", "--1",
            "1.2.3",
            "1e5.5", "NULL", "nano", "infinit", "١", "1f", "true", "-.", ".e1",
        ]
    )
    func notANumber(_ text: String) {
        #expect(parse(text) == .notANumber)
    }
}
