/// An equation such as `ij,jk->ik`, with a label for every axis of every operand.
struct EinsumEquation {
    /// Labels are numbers; those of an ellipsis are negative, so that they align at the end.
    let operands: [[Int]]
    let output: [Int]

    /// - Throws: `GraphError` for an equation that does not fit the operands' ranks.
    init(_ text: String, ranks: [Int]) throws(GraphError) {
        let compact = Array(text.utf8.filter { $0 != UInt8(ascii: " ") })
        let arrow = compact.indices.dropLast().first {
            compact[$0] == UInt8(ascii: "-") && compact[$0 + 1] == UInt8(ascii: ">")
        }
        let terms = compact[..<(arrow ?? compact.count)].split(
            separator: UInt8(ascii: ","),
            omittingEmptySubsequences: false
        )
        guard terms.count == ranks.count else {
            throw GraphError(.invalid, "the equation has \(terms.count) terms, not \(ranks.count)")
        }
        var operands: [[Int]] = []
        var ellipsisRank = 0
        for (term, rank) in zip(terms, ranks) {
            let labels = try EinsumEquation.labels(Array(term), rank: rank)
            ellipsisRank = max(ellipsisRank, labels.count { $0 < 0 })
            operands.append(labels)
        }
        self.operands = operands
        if let arrow {
            let term = Array(compact[(arrow + 2)...])
            let letters = term.count { $0 != UInt8(ascii: ".") }
            let rank = letters + (letters == term.count ? 0 : ellipsisRank)
            output = try EinsumEquation.labels(term, rank: rank)
        } else {
            let all = operands.flatMap(\.self)
            let once = Set(all).filter { label in all.count { $0 == label } == 1 && label >= 0 }
            output = (0..<ellipsisRank).map { $0 - ellipsisRank } + once.sorted()
        }
        let known = Set(operands.flatMap(\.self))
        guard Set(output).count == output.count, known.isSuperset(of: output) else {
            throw GraphError(.invalid, "the equation's output has an unknown or repeated label")
        }
    }

    private static func labels(_ term: [UInt8], rank: Int) throws(GraphError) -> [Int] {
        let dots = term.indices.filter { term[$0] == UInt8(ascii: ".") }
        let letterCount = term.count - dots.count
        guard dots.isEmpty || (dots.count == 3 && dots[2] - dots[0] == 2),
            term.allSatisfy({ $0 == UInt8(ascii: ".") || isLetter($0) }),
            dots.isEmpty ? letterCount == rank : letterCount <= rank
        else { throw GraphError(.invalid, "a term of the equation does not fit rank \(rank)") }
        let hidden = rank - letterCount
        var labels: [Int] = []
        for (index, byte) in term.enumerated() {
            if isLetter(byte) {
                labels.append(Int(byte))
            } else if index == dots.first {
                labels += (0..<hidden).map { $0 - hidden }
            }
        }
        return labels
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
