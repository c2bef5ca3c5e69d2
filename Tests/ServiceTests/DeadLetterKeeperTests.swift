import Core
import Service
import ServiceLifecycle
import Store
import Synchronization
import TestKit
import Testing

@Suite("Keeping rejected events")
struct DeadLetterKeeperTests {
    /// A store that fails when it is told to.
    private final class Shelf: Sendable {
        private let state = Mutex((isBroken: false, kept: [RejectedBatch]()))

        var kept: [RejectedBatch] { state.withLock { $0.kept } }

        func set(isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

        func add(_ batch: RejectedBatch) throws {
            try state.withLock { state in
                if state.isBroken { throw FleetError(.unavailable, "the store is locked") }
                state.kept.append(batch)
            }
        }
    }

    private static func batch(_ number: Int, letters: Int = 1) -> RejectedBatch {
        RejectedBatch(
            letters: (0..<letters).map { _ in
                DeadLetter(receivedAt: ServiceFixture.start, reason: .badTime, source: "test")
            },
            counts: [EventCount(reason: .badTime, count: Int64(letters))],
            key: "\(number)"
        )
    }

    private func keeper(_ shelf: Shelf) throws -> DeadLetterKeeper {
        let fixture = try ServiceFixture()
        return DeadLetterKeeper(timer: ContinuousClock(), logger: fixture.logger) {
            try shelf.add($0)
        }
    }

    @Test("batches wait in order while the store fails, and are kept once it works")
    func waiting() async throws {
        let shelf = Shelf()
        let keeper = try keeper(shelf)
        await keeper.keep(Self.batch(0))
        shelf.set(isBroken: true)
        await keeper.keep(Self.batch(1))
        #expect(await keeper.flush() != nil)
        #expect(keeper.waitingCount == 1)
        shelf.set(isBroken: false)
        // What comes meanwhile does not overtake.
        await keeper.keep(Self.batch(2))
        #expect(shelf.kept == [Self.batch(0)])
        #expect(await keeper.flush() == nil)
        #expect(shelf.kept == (0..<3).map { Self.batch($0) })
        #expect(keeper.waitingCount == 0)
    }

    @Test("a graceful shutdown keeps what waits", .timeLimit(.minutes(1)))
    func shutdown() async throws {
        let shelf = Shelf()
        let keeper = try keeper(shelf)
        shelf.set(isBroken: true)
        await keeper.keep(Self.batch(1))
        shelf.set(isBroken: false)
        let group = ServiceGroup(
            services: [keeper],
            logger: try ServiceFixture().logger
        )
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
        #expect(shelf.kept == [Self.batch(1)])
    }

    @Test("beyond so many letters batches are only counted, beyond so many batches refused")
    func bounded() async throws {
        let shelf = Shelf()
        let keeper = try keeper(shelf)
        shelf.set(isBroken: true)
        let letters = DeadLetterKeeper.letterCountMax
        await keeper.keep(Self.batch(0, letters: letters))
        for number in 1..<DeadLetterKeeper.batchCountMax {
            try keeper.checkRoom()
            await keeper.keep(Self.batch(number))
        }
        let error = #expect(throws: FleetError.self) { try keeper.checkRoom() }
        #expect(error?.code == .unavailable && error?.isRetriable == true)
        shelf.set(isBroken: false)
        #expect(await keeper.flush() == nil)
        try keeper.checkRoom()
        let kept = shelf.kept
        #expect(kept.reduce(0) { $0 + $1.letters.count } == letters)
        #expect(
            kept.flatMap(\.counts).reduce(0) { $0 + Int($1.count) }
                == letters + DeadLetterKeeper.batchCountMax - 1
        )
    }
}
