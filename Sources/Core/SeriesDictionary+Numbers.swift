extension SeriesDictionary {
    /// What the process calls a key; nil when that is not known here.
    @inlinable
    public func number(of id: UInt32) -> SeriesNumber? {
        guard Int(id) < numbers.count else { return nil }
        let number = numbers[Int(id)]
        return number.isNone ? nil : number
    }

    /// The number of a key, or what stands for none.
    @inlinable
    public func numberOrNone(of id: UInt32) -> SeriesNumber {
        Int(id) < numbers.count ? numbers[Int(id)] : .none
    }

    /// Whether every key has a number.
    var isFullyNumbered: Bool {
        numbers.count == count && !numbers.contains { $0.isNone }
    }

    /// Whether a key may be here that has no number.
    @inlinable
    public var mayLackNumbers: Bool { !slots.isEmpty || numbers.count < spans.count }

    /// Makes room for keys with numbers.
    public mutating func reserveNumbered(_ count: Int, nameByteCount: Int) {
        spans.reserveCapacity(count)
        numbers.reserveCapacity(count)
        bytes.reserveCapacity(nameByteCount)
    }

    /// Copies keys of another dictionary that are distinct and have these numbers.
    ///
    /// The keys lie anywhere in memory: each pass over them asks for what the next one reads, so
    /// that waiting for it overlaps.
    init(
        copying ids: UnsafeBufferPointer<UInt32>,
        of other: SeriesDictionary,
        numbers: [SeriesNumber],
        by numbering: SeriesNumbers
    ) {
        var byteCount = 0
        spans.reserveCapacity(ids.count)
        for id in ids {
            // The place is that in the other dictionary until the names are copied.
            let span = other.spans[Int(id)]
            spans.append(span)
            byteCount &+= span.device &+ span.sensor
        }
        other.bytes.withUnsafeBytes { all in
            var touched: UInt8 = 0
            for span in spans where span.start < all.count { touched &+= all[span.start] }
            withExtendedLifetime(touched) {}
            bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
                let room = UnsafeMutableRawBufferPointer(buffer)
                for index in spans.indices {
                    let (span, start) = (spans[index], filled)
                    spans[index] = Span(start: start, device: span.device, sensor: span.sensor)
                    let count = span.device &+ span.sensor
                    filled &+= count
                    guard let source = all.baseAddress, let target = room.baseAddress else {
                        continue
                    }
                    ShortCopy.copy(
                        count,
                        from: source + span.start,
                        to: target + start,
                        room: min(all.count &- span.start, room.count &- start)
                    )
                }
            }
        }
        self.numbers = numbers
        self.numbering = numbering
    }

    /// Computes the hashes of keys that will be looked up elsewhere.
    public mutating func computeHashes() {
        hashes.reserveCapacity(count)
        for id in hashes.count..<count { hashes.append(hash(of: UInt32(id))) }
    }

    /// Adds a key whose number none here has, and so neither its names; looks nothing up.
    ///
    /// - Precondition: ``mayLackNumbers`` is false; the numbers are of one numbering.
    @inlinable
    public mutating func append(
        _ number: SeriesNumber,
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer,
        by numbering: SeriesNumbers
    ) -> UInt32 {
        let id = UInt32(truncatingIfNeeded: spans.count)
        spans.append(Span(start: bytes.count, device: device.count, sensor: sensor.count))
        if let start = device.baseAddress, start + device.count == sensor.baseAddress {
            // Mostly the names lie together.
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(
                    start: start,
                    count: device.count &+ sensor.count
                )
            )
        } else {
            bytes.append(contentsOf: device)
            bytes.append(contentsOf: sensor)
        }
        if numbers.isEmpty { self.numbering = numbering }
        numbers.append(number)
        return id
    }

    /// Says what the process calls a key.
    public mutating func setNumber(
        _ number: SeriesNumber?,
        of id: UInt32,
        by numbering: SeriesNumbers
    ) {
        if self.numbering !== numbering {
            numbers = []
            self.numbering = numbering
        }
        if Int(id) < numbers.count {
            numbers[Int(id)] = number ?? .none
        } else if number != nil {
            while numbers.count < Int(id) { numbers.append(.none) }
            numbers.append(number ?? .none)
        }
    }
}
