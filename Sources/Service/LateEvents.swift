import Core
import Store

/// Tells which dead letters may be sent again without counting anything twice.
///
/// An event that was late for several window definitions has a letter of each, and is sent once.
struct LateEvents {
    enum Use: Equatable {
        /// The letter stands for all letters of its event, whose numbers ascend.
        case send([Int64])
        /// Another letter stands for the same event.
        case repeated
        case skip(String, String)
    }

    private struct Place: Hashable {
        let partition: Int
        let offset: Int64
    }

    /// A late event: the definitions it was late for, and its letters.
    private struct Event {
        var definitions: Set<String> = []
        var numbers: Set<Int64> = []
        var isSent = false
    }

    private let definitions: Set<String>
    private var events: [Place: Event] = [:]

    /// Looks at letters that are to be sent, and at others of the same events where it must.
    init(
        _ letters: [StoredDeadLetter],
        definitions: Set<String>,
        store: any WindowStore
    ) async throws {
        self.definitions = definitions
        for letter in letters { add(letter) }
        for (place, event) in events where !definitions.isSubset(of: event.definitions) {
            let others = try await store.deadLetters(
                partition: place.partition,
                offset: place.offset
            )
            for letter in others { add(letter) }
        }
    }

    private mutating func add(_ stored: StoredDeadLetter) {
        guard let place = Self.place(stored.letter) else { return }
        events[place, default: Event()].definitions.insert(stored.letter.definition ?? "")
        events[place, default: Event()].numbers.insert(stored.number)
    }

    private static func place(_ letter: DeadLetter) -> Place? {
        guard letter.reason == .late, let partition = letter.partition, let offset = letter.offset
        else { return nil }
        return Place(partition: partition, offset: offset)
    }

    /// What to do with a letter; asked once for each, in order.
    mutating func use(of stored: StoredDeadLetter) -> Use {
        let letter = stored.letter
        switch letter.reason {
        case .duplicate: return .skip("duplicate", "its event is in its windows already")
        case .outOfRange where letter.message?.contains("flagged") == true:
            return .skip("flagged", "its event was only flagged and is in its windows")
        case .late:
            guard let place = Self.place(letter), let event = events[place] else {
                return .send([stored.number])
            }
            let others = definitions.subtracting(event.definitions)
            guard others.isEmpty else {
                return .skip(
                    "in_other_windows",
                    "its event was late for \(Self.list(event.definitions)), not for "
                        + "\(Self.list(others)), where it would count twice"
                )
            }
            if event.isSent { return .repeated }
            events[place]?.isSent = true
            return .send(event.numbers.sorted())
        default: return .send([stored.number])
        }
    }

    private static func list(_ names: Set<String>) -> String {
        names.sorted().joined(separator: ", ")
    }
}
