import Core
import Service
import Synchronization
import TestKit
import Testing

@Suite("Answers that may not come")
struct PromptAnswerTests {
    /// Something that answers when it is let go.
    private actor Stuck {
        private(set) var askedCount = 0
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var isFree = false

        func ask() async -> Int {
            askedCount += 1
            if !isFree { await withCheckedContinuation { waiting.append($0) } }
            return askedCount
        }

        func letGo() {
            isFree = true
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
    }

    @Test("who asks is told in time, one question is on its way, and the next is asked anew")
    func stuck() async throws {
        let stuck = Stuck()
        let answer = PromptAnswer(of: "it", within: .milliseconds(20), timer: ContinuousClock()) {
            await stuck.ask()
        }
        for _ in 0..<3 {
            let error = await #expect(throws: FleetError.self) { try await answer.value() }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "it has not answered for 20ms")
        }
        #expect(await stuck.askedCount == 1)
        #expect(await answer.latest == nil)
        await stuck.letGo()
        for _ in 0..<1000 where await answer.latest == nil { await Task.yield() }
        #expect(await answer.latest == 1, "what came too late is kept")
        #expect(try await answer.value() == 2)
        #expect(await answer.latest == 2)
    }

    @Test("all who ask while a question is on its way get its answer")
    func shared() async throws {
        let stuck = Stuck()
        let answer = PromptAnswer(of: "it", within: .seconds(60), timer: ContinuousClock()) {
            await stuck.ask()
        }
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await answer.value() } }
            while await stuck.askedCount == 0 { await Task.yield() }
            await stuck.letGo()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values.count == 4 && values.contains(1))
    }

    @Test("an error is the answer")
    func error() async throws {
        let answer = PromptAnswer<Int>(of: "it", timer: ContinuousClock()) {
            throw FleetError(.dataLoss, "broken")
        }
        let error = await #expect(throws: FleetError.self) { try await answer.value() }
        #expect(error?.code == .dataLoss)
        #expect(await answer.latest == nil)
    }
}
