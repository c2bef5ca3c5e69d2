/// Finds what a mistyped name was probably meant to be.
public enum DidYouMean {
    /// The name closest to a text, nil when none is close.
    ///
    /// Close means at most two edits or a third of the text's length, one edit for three letters
    /// and fewer; letter case counts for nothing. The first of equally close names wins.
    public static func suggestion(for text: String, among names: [String]) -> String? {
        let wanted = lowercased(text)
        guard !wanted.isEmpty, wanted.count <= lengthMax else { return nil }
        let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let candidate = lowercased(name)
            guard candidate.count <= lengthMax, abs(candidate.count - wanted.count) <= limit else {
                continue
            }
            let distance = distance(wanted, candidate)
            guard distance <= limit, distance < max(wanted.count, candidate.count) else { continue }
            if distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// The hint for an unknown name: `did you mean "time"?`, or the names there are.
    public static func hint(for text: String, among names: [String]) -> String {
        if let name = suggestion(for: text, among: names) { return "did you mean \"\(name)\"?" }
        return "there is: " + names.prefix(20).joined(separator: ", ")
            + (names.count > 20 ? ", …" : "")
    }

    private static let lengthMax = 128

    private static func lowercased(_ text: String) -> [UInt8] {
        text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The optimal string alignment distance: insert, delete, replace, swap two neighbors.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in 0..<right.count {
                let cost = left[row] == right[column] ? 0 : 1
                var best = min(last[column] + cost, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
