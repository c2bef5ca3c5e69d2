/// Collects the decisions of one row, pair by pair, in memory that rows share.
struct SupportVectorVotes {
    /// Votes, votes as the decision function counts them, and sums of decisions; one a class each.
    private let votes: UnsafeMutablePointer<Double>?
    private let classCount: Int
    private let shape: SupportVectorClassifier.Shape
    private var largest = -Double.infinity

    /// Numbers of memory that so many classes need.
    static func size(_ classCount: Int) -> Int { 3 * classCount }

    /// Starts a row; the memory has to hold ``size(_:)`` numbers.
    init(
        _ memory: UnsafeMutableBufferPointer<Double>,
        classCount: Int,
        shape: SupportVectorClassifier.Shape
    ) {
        precondition(memory.count >= Self.size(classCount))
        memory.update(repeating: 0)
        votes = memory.baseAddress
        self.classCount = classCount
        self.shape = shape
    }

    /// Notes the decision between two classes.
    ///
    /// LIBSVM votes for the first when the decision is above 0, scikit-learn's decision function
    /// also when it is exactly 0.
    mutating func count(_ decision: Double, _ first: Int, _ second: Int) {
        guard let votes else { return }
        votes[decision > 0 ? first : second] += 1
        votes[classCount &+ (decision < 0 ? second : first)] += 1
        votes[2 &* classCount &+ first] += decision
        votes[2 &* classCount &+ second] -= decision
        if decision > largest { largest = decision }
    }

    /// The score and the class; ties go to the first class.
    func result() -> (score: Double, label: Int) {
        guard let votes else { return (.nan, 0) }
        var label = 0
        var (best, bestIndex) = (-Double.infinity, 0)
        for index in 0..<classCount {
            if votes[index] > votes[label] { label = index }
            let sum = votes[2 &* classCount &+ index]
            let value = votes[classCount &+ index] + sum / (3 * (sum.magnitude + 1))
            if value > best { (best, bestIndex) = (value, index) }
        }
        switch shape {
        case .oneVersusOne: return (largest, label)
        case .oneVersusRest: return (best, label)
        case .breakingTies: return (best, bestIndex)
        }
    }
}

/// The pairs of classes in LIBSVM's order, and where the support vectors of a class are.
struct SupportVectorPairs {
    private let starts: [Int]
    private let sizes: [Int]

    init(_ sizes: [Int]) {
        self.sizes = sizes
        var start = 0
        starts = sizes.map { size in
            defer { start += size }
            return start
        }
    }

    func range(_ index: Int) -> Range<Int> { starts[index]..<(starts[index] + sizes[index]) }

    /// Calls `body` with the index of each pair and its two classes.
    func forEach(_ body: (_ pair: Int, _ first: Int, _ second: Int) -> Void) {
        var pair = 0
        for first in sizes.indices.dropLast() {
            for second in (first + 1)..<sizes.count {
                body(pair, first, second)
                pair += 1
            }
        }
    }
}
