/// How an object was laid out: the bytes between its values, and what its values are.
///
/// The next object is compared with it instead of being read: its keys are known then.
struct JSONTemplate: ~Copyable {
    /// What a value is for.
    enum Use: UInt8 {
        case device, sensor, time, value
        /// A reading of a sensor that is called as the field is.
        case reading
        /// Nobody asks for it.
        case ignored
    }

    /// One value, and the bytes before it.
    struct Field {
        /// Bytes from the value before, or the object's start, up to the value or into its quote.
        var literalStart: UInt16
        var literalCount: UInt16
        /// Where in those bytes the field's key stands.
        var keyStart: UInt16
        var keyCount: UInt16
        var use: Use
        var isString: Bool
    }

    /// Objects that were read since one was as expected; the layout is learned at powers of two.
    var missCount = 0
    private(set) var fieldCount = 0
    /// Bytes after the last value.
    private(set) var closingStart = 0
    private(set) var closingCount = 0
    let fields: UnsafeMutablePointer<Field>
    /// The literals, with 16 bytes to read beyond the last.
    let literals: UnsafeMutablePointer<UInt8>
    /// Space for the keys and values of fields that are sensors.
    let readings: UnsafeMutablePointer<(key: NameBytes, value: Double)>
    private var literalCount = 0

    /// Bytes that can be read from where a value starts, before it is known how long it is.
    static let padding = 48
    private static let fieldCountMax = 32
    private static let literalByteCountMax = 2048

    init() {
        fields = .allocate(capacity: Self.fieldCountMax)
        readings = .allocate(capacity: Self.fieldCountMax)
        literals = .allocate(capacity: Self.literalByteCountMax + 16)
        literals.initialize(repeating: 0, count: Self.literalByteCountMax + 16)
    }

    deinit {
        fields.deallocate()
        readings.deallocate()
        literals.deallocate()
    }

    /// Whether there is a layout to compare with.
    var isKnown: Bool {
        @inline(__always) get { fieldCount > 0 }
    }

    /// Learns the layout of a well-formed object, unless objects never repeat theirs.
    mutating func learn(
        _ text: Range<Int>,
        of base: UnsafePointer<UInt8>,
        names: FieldNames,
        defaults: EventDefaults
    ) {
        missCount &+= 1
        guard missCount & (missCount &- 1) == 0 else { return }
        fieldCount = 0
        literalCount = 0
        var scanner = JSONScanner(base: base, at: text.lowerBound, end: text.upperBound)
        scanner.skipSpace()
        guard scan(&scanner, from: scanner.at, names), isComplete(defaults) else {
            fieldCount = 0
            return
        }
    }

    /// Notes all fields of an object; false when it is of a kind that is not predicted.
    private mutating func scan(
        _ scanner: inout JSONScanner,
        from start: Int,
        _ names: FieldNames
    ) -> Bool {
        var start = start
        guard scanner.skip(0x7B) else { return false }
        scanner.skipSpace()
        while true {
            guard let key = scanner.string(), key.kind == .string else { return false }
            scanner.skipSpace()
            guard scanner.skip(0x3A) else { return false }
            scanner.skipSpace()
            guard let value = scanner.value() else { return false }
            let isString = value.kind == .string || value.kind == .escapedString
            let role = names.role(of: scanner.base + key.start, key.count)
            if role == nil, !isString, value.kind != .number {
                // What is neither text nor number has to be the same again.
                guard value.kind != .notFinite else { return false }
            } else {
                guard note(scanner.base, start..<value.start, key, role, isString) else {
                    return false
                }
                guard isString || value.kind == .number else { return false }
                start = value.end
            }
            scanner.skipSpace()
            if scanner.skip(0x2C) {
                scanner.skipSpace()
                continue
            }
            guard scanner.skip(0x7D), let offset = keep(scanner.base, start..<scanner.at) else {
                return false
            }
            closingStart = offset
            closingCount = scanner.at - start
            return true
        }
    }

    private mutating func note(
        _ base: UnsafePointer<UInt8>,
        _ literal: Range<Int>,
        _ key: JSONText,
        _ role: FieldRole?,
        _ isString: Bool
    ) -> Bool {
        guard fieldCount < Self.fieldCountMax, let offset = keep(base, literal) else {
            return false
        }
        let use: Use =
            switch role {
            case .device: .device
            case .sensor: .sensor
            case .time: .time
            case .value: .value
            case nil: isString ? .ignored : .reading
            }
        if use == .value, isString { return false }
        let field = Field(
            // None is above the room for all literals.
            literalStart: UInt16(truncatingIfNeeded: offset),
            literalCount: UInt16(truncatingIfNeeded: literal.count),
            keyStart: UInt16(truncatingIfNeeded: key.start - literal.lowerBound),
            keyCount: UInt16(truncatingIfNeeded: key.count),
            use: use,
            isString: isString
        )
        (fields + fieldCount).initialize(to: field)
        fieldCount += 1
        return true
    }

    private mutating func keep(_ base: UnsafePointer<UInt8>, _ text: Range<Int>) -> Int? {
        guard literalCount + text.count <= Self.literalByteCountMax else { return nil }
        (literals + literalCount).update(from: base + text.lowerBound, count: text.count)
        defer { literalCount += text.count }
        return literalCount
    }

    /// Whether an object with these fields has all it needs, each once, and makes events.
    private func isComplete(_ defaults: EventDefaults) -> Bool {
        func count(_ use: Use) -> Int {
            (0..<fieldCount).reduce(0) { $0 + (fields[$1].use == use ? 1 : 0) }
        }
        let sensors = count(.sensor)
        let values = count(.value)
        guard count(.device) == 1 || (count(.device) == 0 && defaults.device != nil),
            count(.time) == 1 || (count(.time) == 0 && defaults.time != nil),
            sensors <= 1, values <= 1
        else { return false }
        if values == 1 {
            guard sensors == 1 || defaults.hasSensor else { return false }
            for index in 0..<fieldCount where fields[index].use == .reading {
                fields[index].use = .ignored
            }
            return true
        }
        return sensors == 0 && count(.reading) > 0 && hasOnlyShortKeys
    }

    /// Whether every sensor's name is one that the cache takes; no name is empty.
    private var hasOnlyShortKeys: Bool {
        (0..<fieldCount).allSatisfy {
            fields[$0].use != .reading
                || (1...SeriesText.partByteCountMax).contains(Int(fields[$0].keyCount))
        }
    }
}
