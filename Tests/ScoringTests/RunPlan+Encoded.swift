import FoundationEssentials
import Scoring

extension RunPlan {
    /// The plan as it is stored.
    func encoded() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
}

/// A task's result as it is stored.
func decodedResult(_ bytes: [UInt8]) throws -> TaskResult {
    try JSONDecoder().decode(TaskResult.self, from: Data(bytes))
}
