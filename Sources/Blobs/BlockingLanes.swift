internal import Dispatch
internal import Synchronization

/// Runs blocking calls on a few threads of their own, off the cooperative pool.
///
/// - Concurrency: any caller; at most as many calls run at once as there are lanes.
final class BlockingLanes: Sendable {
    private let lanes: [DispatchQueue]
    private let next = Atomic<Int>(0)

    init(label: String, count: Int) {
        lanes = (0..<max(1, count)).map { DispatchQueue(label: "\(label)-\($0)") }
    }

    /// Runs a blocking call and returns what it returned.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        let lane = lanes[Int(UInt(bitPattern: turn) % UInt(lanes.count))]
        return try await withCheckedThrowingContinuation { continuation in
            lane.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
