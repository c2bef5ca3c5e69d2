import Compute
import Core
import TestKit
import Testing

@Suite("Compute contract") struct ComputeContractTests {
    @Test("Tasks of this process keep the contract", .timeLimit(.minutes(1)))
    func inProcess() async throws {
        let clock = ComputeContract.clock
        let target = InProcessTarget(
            workerCountMax: 4,
            clock: clock,
            wallClock: SystemWallClock()
        ) { ticket in
            switch ticket.run {
            case "ok": return (0, nil)
            case "fail": return (WorkerExit.permanentFailure, "bad")
            default:
                do {
                    try await clock.sleep(for: .seconds(60))
                    return (0, nil)
                } catch {
                    return (WorkerExit.askedToStop, "asked to stop")
                }
            }
        }
        try await ComputeContract(target).run()
    }

    @Test("A pool of processes keeps the contract", .timeLimit(.minutes(1)))
    func localPool() async throws {
        let worker = try FakeWorker()
        try await ComputeContract(worker.pool(max: 4)).run()
        try worker.remove()
    }
}
