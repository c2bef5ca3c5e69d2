/// What is known of an entry until its layer is written.
///
/// The record's text fields are numbers of texts plus 1, its offset is where the block waits.
struct PendingModel: BitwiseCopyable, Sendable {
    var record: PackRecord
    let family: UInt16
    /// 0 for a block in the spool, else the number of the parent's layer that has it, plus 1.
    var source: UInt16 = 0
}

/// The bytes of keys, one after another.
struct KeyColumn: Sendable {
    private struct Place {
        let start: UInt32
        let deviceByteCount: UInt16
        let sensorByteCount: UInt16
    }

    private var places: ContiguousArray<Place> = []
    private var names: [UInt8] = []

    var count: Int { places.count }
    var namesByteCount: Int { names.count }

    mutating func append(_ key: KeyBytes) {
        places.append(
            Place(
                start: UInt32(truncatingIfNeeded: names.count),
                deviceByteCount: UInt16(truncatingIfNeeded: key.device.count),
                sensorByteCount: UInt16(truncatingIfNeeded: key.sensor.count)
            )
        )
        names.append(contentsOf: key.device)
        names.append(contentsOf: key.sensor)
    }

    mutating func removeAll() {
        places.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
    }

    /// Runs with a way to look at the key of each position.
    func withKeys<R>(_ body: ((Int) -> KeyBytes) throws -> R) rethrows -> R {
        try names.withUnsafeBytes { names in
            try places.withUnsafeBufferPointer { places in
                try body { position in
                    let place = places[position]
                    let start = Int(place.start)
                    let device = Int(place.deviceByteCount)
                    return KeyBytes(
                        device: names.part(start, device),
                        sensor: names.part(start + device, Int(place.sensorByteCount))
                    )
                }
            }
        }
    }
}

/// A long array in pieces, so that growing neither copies it nor needs room for two.
struct PiecewiseArray<Element: Sendable>: Sendable {
    private var pieces: ContiguousArray<ContiguousArray<Element>> = []
    private(set) var count = 0

    private static var shift: Int { 14 }
    private static var pieceCount: Int { 1 << shift }

    mutating func append(_ element: Element) {
        if count & (Self.pieceCount - 1) == 0 {
            var piece = ContiguousArray<Element>()
            if count > 0 { piece.reserveCapacity(Self.pieceCount) }
            pieces.append(piece)
        }
        pieces[pieces.count - 1].append(element)
        count += 1
    }

    subscript(index: Int) -> Element {
        get { pieces[index >> Self.shift][index & (Self.pieceCount - 1)] }
        set { pieces[index >> Self.shift][index & (Self.pieceCount - 1)] = newValue }
    }
}
