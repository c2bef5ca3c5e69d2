/// Remembers which messages a broker waits to hear of, so that none is acknowledged too early and
/// none that comes again after a broken connection is given on twice.
///
/// A broker keeps a packet identifier for one message until it is acknowledged, across connections
/// of one session. So a message that is marked as repeated, has an identifier that is still open
/// here and the same content is the same message. After an acknowledgement nothing is remembered:
/// the identifier is free for a new message, which may look the same.
struct DeliveryLedger: Sendable {
    /// What to do with a message that came in.
    enum Verdict: Sendable, Hashable {
        /// It is new: give it on.
        case deliver
        /// It is in a batch that is under way: acknowledged with that.
        case join
        /// It is durable already: acknowledge it now.
        case acknowledge
    }

    private struct Entry {
        var hash: UInt64 = 0
        /// The batch it is in; 0 when it is durable and could not be acknowledged.
        var serial: UInt32 = 0
        /// The connection it last came over; 0 when the identifier is free.
        var connection: UInt32 = 0
    }

    /// By packet identifier, as far as identifiers have come up.
    private var entries: [Entry] = []
    private var connection: UInt32 = 1
    private var isConnected = false

    /// Says that a connection is there; the broker knows of the session or has made a new one.
    mutating func connect(isSessionPresent: Bool) {
        connection = connection == .max ? 1 : connection + 1
        isConnected = true
        guard !isSessionPresent else { return }
        for index in entries.indices { entries[index].connection = 0 }
    }

    /// Says that the connection is gone: acknowledgements wait for the messages to come again.
    mutating func disconnect() {
        isConnected = false
    }

    /// Notes a message that came in for a batch.
    mutating func receive(
        _ packetID: UInt16,
        isRepeated: Bool,
        hash: UInt64,
        serial: UInt32
    ) -> Verdict {
        makeRoom(for: packetID)
        let entry = entries[Int(packetID)]
        guard isRepeated, entry.connection != 0, entry.hash == hash else {
            entries[Int(packetID)] = Entry(hash: hash, serial: serial, connection: connection)
            return .deliver
        }
        guard entry.serial != 0 else {
            entries[Int(packetID)].connection = 0
            return .acknowledge
        }
        entries[Int(packetID)].connection = connection
        return .join
    }

    /// Notes that a batch is durable; calls back with what to acknowledge on this connection.
    mutating func complete(
        _ packetIDs: [UInt16],
        serial: UInt32,
        acknowledge: (UInt16) -> Void
    ) {
        for packetID in packetIDs where packetID < entries.count {
            let entry = entries[Int(packetID)]
            guard entry.connection != 0, entry.serial == serial else { continue }
            if isConnected, entry.connection == connection {
                entries[Int(packetID)].connection = 0
                acknowledge(packetID)
            } else {
                entries[Int(packetID)].serial = 0
            }
        }
    }

    private mutating func makeRoom(for packetID: UInt16) {
        guard packetID >= entries.count else { return }
        var count = max(64, entries.count)
        while count <= packetID { count *= 2 }
        entries += [Entry](repeating: Entry(), count: count - entries.count)
    }
}
