import Core
import Store
import TestKit
import Testing

@testable import Service

@Suite("Late events that are sent again")
struct LateEventsTests {
    /// Stores a late letter of each definition, all of one event an offset.
    private func store(_ events: [(offset: Int64, definitions: [String])]) async throws
        -> MemoryWindowStore
    {
        let store = MemoryWindowStore()
        for event in events {
            let letters = event.definitions.map { definition in
                DeadLetter(
                    receivedAt: ServiceFixture.start,
                    reason: .late,
                    source: "log",
                    definition: definition,
                    device: "d",
                    sensor: "s",
                    time: ServiceFixture.start,
                    value: 1,
                    partition: 0,
                    offset: event.offset
                )
            }
            try await store.addDeadLetters(letters, counts: nil)
        }
        return store
    }

    private func uses(
        _ numbers: [Int64],
        of store: MemoryWindowStore,
        definitions: Set<String>
    ) async throws -> [LateEvents.Use] {
        var letters: [StoredDeadLetter] = []
        for number in numbers {
            letters.append(try #require(try await store.deadLetter(number: number)))
        }
        var events = try await LateEvents(letters, definitions: definitions, store: store)
        return letters.map { events.use(of: $0) }
    }

    @Test("one letter of an event stands for all, whether or not they are given")
    func siblings() async throws {
        let store = try await store([(0, ["a", "b"]), (1, ["a", "b"])])
        let all: Set = ["a", "b"]
        for number in [1, 2] as [Int64] {
            #expect(try await uses([number], of: store, definitions: all) == [.send([1, 2])])
        }
        #expect(
            try await uses([1, 2, 3], of: store, definitions: all)
                == [.send([1, 2]), .repeated, .send([3, 4])]
        )
    }

    @Test("an event that was late for some of today's windows only is left alone")
    func others() async throws {
        let store = try await store([(0, ["a"]), (1, ["a", "old"]), (2, ["a", "old", "b"])])
        let uses = try await uses([1, 2, 4], of: store, definitions: ["a", "b"])
        for use in uses[..<2] {
            guard case .skip("in_other_windows", let text) = use else {
                Issue.record("\(use)")
                continue
            }
            #expect(text.contains("not for b"), "\(text)")
        }
        #expect(uses[2] == .send([4, 5, 6]))
    }
}
