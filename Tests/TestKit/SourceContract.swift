import Core
package import Sources
import Synchronization

/// What every ``EventSource`` does, run on the in-memory twin and on every driver.
package enum SourceContract {
    /// What the checks need of the thing under test.
    package protocol Rig: Sendable {
        /// Puts messages in, as a device would; the payloads are numbers in order.
        func publish(_ payloads: Range<Int>) async throws
        /// A source of those messages, of the same name and place each time.
        func makeSource(_ sink: any EventSink) throws -> any EventSource
    }

    /// One promise; `run` gets a rig that holds nothing.
    package struct Check: Sendable, CustomStringConvertible {
        package let description: String
        package let run: @Sendable (any Rig) async throws -> Void
    }

    /// A promise that a source broke.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What tests give to sources to measure waits with.
    package static let clock: any Clock<Duration> = ContinuousClock()

    package static let checks: [Check] = [
        Check(description: "everything published arrives, in order, and is acknowledged") { rig in
            let sink = RecordingSink()
            let source = try rig.makeSource(sink)
            try await running(source) {
                try await rig.publish(0..<500)
                try await until("500 arrived") { sink.payloads.count >= 500 }
                try await until("500 acknowledged") { source.status.acknowledgedCount >= 500 }
            }
            try expect(sink.payloads == (0..<500).map(String.init), "each once, in order")
            try expect(source.status.receivedCount == 500, "\(source.status)")
            try expect(source.status.phase == .stopped, "\(source.status)")
        },
        Check(description: "what the sink did not take comes again to the next run") { rig in
            let blocked = RecordingSink(isOpen: false)
            let first = try rig.makeSource(blocked)
            try await cancelling(first) {
                try await rig.publish(0..<20)
                try await until("a batch is offered") { blocked.offeredCount > 0 }
                try expect(first.status.acknowledgedCount == 0, "nothing is acknowledged")
            }
            try expect(blocked.payloads.isEmpty, "the blocked sink took nothing")
            let sink = RecordingSink()
            try await running(try rig.makeSource(sink)) {
                try await until("all came again") { Set(sink.payloads).count >= 20 }
            }
            try expect(Set(sink.payloads) == Set((0..<20).map(String.init)), "all of them")
        },
        Check(description: "a sink that refuses is offered the same batch again") { rig in
            let sink = RecordingSink()
            sink.refuse(times: 3, FleetError(.resourceExhausted, "the log is full"))
            let source = try rig.makeSource(sink)
            try await running(source) {
                try await rig.publish(0..<50)
                try await until("50 arrived") { sink.payloads.count >= 50 }
                try await until("50 acknowledged") { source.status.acknowledgedCount >= 50 }
            }
            try expect(sink.payloads == (0..<50).map(String.init), "each once, in order")
            try expect(source.status.refusedBatchCount == 3, "\(source.status)")
            try expect(source.status.lastError?.contains("the log is full") == true, "the reason")
        },
        Check(description: "finish takes no more, and ends after what is in hand") { rig in
            let sink = RecordingSink(isOpen: false)
            let source = try rig.makeSource(sink)
            try await running(source) {
                try await rig.publish(0..<10)
                try await until("a batch is offered") { sink.offeredCount > 0 }
                source.finish()
                try await until("it is finishing") { source.status.phase == .finishing }
                sink.open()
            }
            let taken = sink.payloads.count
            try expect(taken > 0, "the batch in hand was finished")
            try expect(source.status.acknowledgedCount == taken, "\(source.status)")
            let rest = RecordingSink()
            try await running(try rig.makeSource(rest)) {
                try await until("the rest arrives") { rest.payloads.count >= 10 - taken }
            }
            try expect(
                sink.payloads + rest.payloads == (0..<10).map(String.init),
                "each once, in order"
            )
        },
        Check(description: "what is published while no source runs waits for the next run") { rig in
            let sink = RecordingSink()
            // A broker learns of the source by its first run.
            let first = try rig.makeSource(sink)
            try await running(first) {
                try await until("it was connected") { first.status.isConnected }
            }
            try await rig.publish(0..<100)
            try await running(try rig.makeSource(sink)) {
                try await until("all arrive") { sink.payloads.count >= 100 }
            }
            try expect(sink.payloads == (0..<100).map(String.init), "each once, in order")
        },
        Check(description: "cancellation ends a run at once, also while the sink is stuck") { rig in
            let sink = RecordingSink(isOpen: false)
            let source = try rig.makeSource(sink)
            try await cancelling(source) {
                try await rig.publish(0..<3)
                try await until("a batch is offered") { sink.offeredCount > 0 }
            }
            try expect(source.status.phase == .stopped, "\(source.status)")
            try expect(source.status.acknowledgedCount == 0, "\(source.status)")
        },
    ]

    // Helpers.

    /// Runs a source beside a body once it is connected, then finishes it and waits for its end.
    package static func running(
        _ source: any EventSource,
        _ body: () async throws -> Void
    ) async throws {
        let run = Task { try await source.run() }
        do {
            try await until("connected") { source.status.isConnected }
            try await body()
        } catch {
            run.cancel()
            _ = await run.result
            throw error
        }
        source.finish()
        try await withTaskCancellationHandler {
            try await run.value
        } onCancel: {
            run.cancel()
        }
    }

    /// Runs a source beside a body, then cancels it and waits for its end.
    package static func cancelling(
        _ source: any EventSource,
        _ body: () async throws -> Void
    ) async throws {
        let run = Task { try await source.run() }
        let result: Result<Void, any Error>
        do {
            try await until("connected") { source.status.isConnected }
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        run.cancel()
        let end = await run.result
        try result.get()
        if case .failure(let error) = end, !(error is CancellationError) { throw error }
    }

    /// Looks every two milliseconds whether a condition holds, for at most twenty seconds.
    package static func until(_ what: String, _ condition: () -> Bool) async throws {
        for _ in 0..<10_000 {
            if condition() { return }
            try await clock.sleep(for: .milliseconds(2))
        }
        throw Failure(description: "not as promised within 20 s: \(what)")
    }

    /// Throws a ``Failure`` when a condition does not hold.
    package static func expect(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Failure(description: "not as promised: \(what)") }
    }
}

/// A sink that keeps what it takes; a closed one keeps its callers waiting.
package final class RecordingSink: EventSink {
    private struct State {
        var isOpen: Bool
        var messages: [SourceMessage] = []
        var offeredCount = 0
        var refusals: [any Error] = []
        var largestByteCount = 0
        var batchCount = 0
    }

    private let state: Mutex<State>
    private let delay: Duration

    /// A sink that takes so long for each batch.
    package init(isOpen: Bool = true, delay: Duration = .zero) {
        state = Mutex(State(isOpen: isOpen))
        self.delay = delay
    }

    package var messages: [SourceMessage] { state.withLock { $0.messages } }
    package var payloads: [String] {
        messages.map { String(decoding: $0.payload, as: UTF8.self) }
    }
    package var messageCount: Int { state.withLock { $0.messages.count } }
    /// Batches that were offered, taken or not.
    package var offeredCount: Int { state.withLock { $0.offeredCount } }
    package var batchCount: Int { state.withLock { $0.batchCount } }
    /// The bytes of the largest batch.
    package var largestByteCount: Int { state.withLock { $0.largestByteCount } }

    /// Lets callers through.
    package func open() {
        state.withLock { $0.isOpen = true }
    }

    /// Refuses the next batches.
    package func refuse(times: Int, _ error: any Error) {
        state.withLock { $0.refusals += Array(repeating: error, count: times) }
    }

    package func accept(_ batch: MessageBatch, source: String) async throws {
        let refusal = state.withLock { state -> (any Error)? in
            state.offeredCount += 1
            state.largestByteCount = max(state.largestByteCount, batch.byteCount)
            return state.refusals.popLast()
        }
        if let refusal { throw refusal }
        while !state.withLock({ $0.isOpen }) {
            try await SourceContract.clock.sleep(for: .milliseconds(1))
        }
        if delay > .zero { try await SourceContract.clock.sleep(for: delay) }
        let messages = (0..<batch.count).map { batch.message(at: $0) }
        state.withLock { state in
            state.messages += messages
            state.batchCount += 1
        }
    }
}
