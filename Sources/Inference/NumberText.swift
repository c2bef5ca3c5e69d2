/// Numbers for messages, the same in every locale.
enum NumberText {
    /// Digits in groups of three: `1,185`.
    static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A number cut off, not rounded, after some decimals, so that 0.999 does not read as 1.
    static func flooredFixed(_ value: Double, fractionDigits: Int) -> String {
        var scale = 1.0
        for _ in 0..<fractionDigits { scale *= 10 }
        // The nudge undoes the last-bit error of products such as 0.29 * 100.
        guard value >= 0, value < 1e12,
            let scaled = Int(exactly: (value * scale + 1e-6).rounded(.down)), scaled > 0
        else { return "\(value)" }
        let whole = scaled / Int(scale)
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: fractionDigits - fraction.count)
        return "\(whole).\(zeros)\(fraction)"
    }
}
