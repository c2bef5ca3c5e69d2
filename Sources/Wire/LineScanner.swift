/// One field of a line.
struct LineField {
    /// What its value is written as.
    enum Kind {
        case float, integer, unsigned, boolean(Bool), text, bad
    }

    let key: Range<Int>
    let value: Range<Int>
    let kind: Kind
}

/// Where the parts of one line stand.
struct Line {
    /// Measurement and tags.
    var series: Range<Int>
    var fields: [LineField]
    /// The digits of its time, nil when it has none.
    var time: Range<Int>?
}

/// Splits line protocol into lines and their parts, over bytes.
///
/// - Source: InfluxDB 2 documentation, "Line protocol".
struct LineScanner {
    let base: UnsafePointer<UInt8>
    let end: Int
    var at = 0
    /// Used again for every line.
    private var fields: [LineField] = []

    init(base: UnsafePointer<UInt8>, end: Int) {
        self.base = base
        self.end = end
    }

    /// Steps over a line with nothing in it or a comment; false when there is none.
    mutating func skipBlankLine() -> Bool {
        var position = at
        while position < end, isBlank(base[position]) { position &+= 1 }
        guard position < end, base[position] == 0x0A || base[position] == 0x23 else {
            at = position
            return false
        }
        at = position
        skipLine()
        return true
    }

    /// Steps over the rest of a line and its end.
    mutating func skipLine() {
        while at < end, base[at] != 0x0A { at &+= 1 }
        at = min(at &+ 1, end)
    }

    /// Reads a line, which must not be blank, and steps over its end.
    ///
    /// - Returns: nil when it is malformed; then the position is in the line that is.
    mutating func line() -> Line? {
        let start = at
        guard let series = part(isSeries: true), base[series.upperBound] == 0x20 else { return nil }
        skipSpaces()
        fields.removeAll(keepingCapacity: true)
        repeat {
            guard let field = field(from: start) else { return nil }
            fields.append(field)
        } while skip(0x2C)
        guard isAtEnd || at < end && base[at] == 0x20 else { return nil }
        skipSpaces()
        var time: Range<Int>?
        if !isAtEnd {
            let first = at
            while at < end, base[at] > 0x20 { at &+= 1 }
            guard at > first else { return nil }
            time = first..<at
            skipSpaces()
            guard isAtEnd else { return nil }
        }
        if at < end, base[at] == 0x0D { at &+= 1 }
        if at < end { at &+= 1 }
        return Line(series: series, fields: fields, time: time)
    }

    /// Whether the line ends here: the end of the text, LF or CRLF.
    private var isAtEnd: Bool {
        at >= end || base[at] == 0x0A
            || (base[at] == 0x0D && (at &+ 1 >= end || base[at &+ 1] == 0x0A))
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard at < end, base[at] == byte else { return false }
        at &+= 1
        return true
    }

    private mutating func skipSpaces() {
        while at < end, base[at] == 0x20 { at &+= 1 }
    }

    /// The bytes up to a space that is not escaped, or, of a field's key, an equals sign.
    ///
    /// - Returns: nil when nothing is there or the line ends before; else a byte follows.
    private mutating func part(isSeries: Bool) -> Range<Int>? {
        let start = at
        while at < end {
            switch base[at] {
            case 0x0A: return nil
            case 0x20: return isSeries && at > start ? start..<at : nil
            case 0x2C where !isSeries: return nil
            case 0x3D where !isSeries: return at > start ? start..<at : nil
            case 0x5C where at &+ 1 < end:
                let next = base[at &+ 1]
                // A series is split at commas later, with rules of its own.
                at &+= next == 0x20 || next == 0x2C || next == 0x3D ? 2 : 1
            default: at &+= 1
            }
        }
        return nil
    }

    private mutating func field(from line: Int) -> LineField? {
        guard let key = part(isSeries: false) else { return nil }
        at &+= 1
        let start = at
        if skip(0x22) {
            guard skipText() else {
                // The quote would take in all lines that follow.
                at = line
                return nil
            }
            return LineField(key: key, value: start..<at, kind: .text)
        }
        while at < end, base[at] > 0x20, base[at] != 0x2C { at &+= 1 }
        return LineField(key: key, value: start..<at, kind: kind(start..<at))
    }

    /// Steps over a text and its closing quote; false when there is none.
    private mutating func skipText() -> Bool {
        while at < end {
            if base[at] == 0x22 {
                at &+= 1
                return true
            }
            let isEscape =
                base[at] == 0x5C && at &+ 1 < end
                && (base[at &+ 1] == 0x22 || base[at &+ 1] == 0x5C)
            at &+= isEscape ? 2 : 1
        }
        return false
    }

    private func kind(_ value: Range<Int>) -> LineField.Kind {
        guard let last = value.last.map({ base[$0] }) else { return .bad }
        switch last {
        case 0x69: return isInteger(value.dropLast()) ? .integer : .bad
        case 0x75: return isInteger(value.dropLast()) ? .unsigned : .bad
        case 0x30...0x39, 0x2E: return .float
        default: return boolean(value).map { .boolean($0) } ?? .float
        }
    }

    private func isInteger(_ value: Range<Int>) -> Bool {
        guard let first = value.first else { return false }
        let digits = base[first] == 0x2D ? value.dropFirst() : value
        return !digits.isEmpty && digits.allSatisfy { base[$0] &- 0x30 < 10 }
    }

    private func boolean(_ value: Range<Int>) -> Bool? {
        guard value.count <= 5 else { return nil }
        let text = UnsafeBufferPointer(start: base + value.lowerBound, count: value.count)
        switch String(decoding: text, as: UTF8.self) {
        case "t", "T", "true", "True", "TRUE": return true
        case "f", "F", "false", "False", "FALSE": return false
        default: return nil
        }
    }
}
