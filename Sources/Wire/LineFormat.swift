internal import Core

extension EventFormat {
    /// InfluxDB line protocol: `measurement,tag=a field=1.5 1767225600000000000`, one a line.
    ///
    /// `text/plain` with it is what Influx clients send, and what everybody else sends, too.
    public static let line = EventFormat(
        "line",
        contentTypes: ["application/vnd.influx.line-protocol"],
        fileExtensions: ["lp", "line", "influx"],
        isSeen: { LineStart.isLine($0) },
        decode: { body, events in
            try checkEncoding(body.bytes)
            let input = body.bytes.bindMemory(to: UInt8.self)
            guard let base = input.baseAddress, BodyStart(body.bytes).first != nil else {
                throw emptyBody()
            }
            var lines = try LineEvents(input, base: base, body)
            lines.sink.resume(&events, messageIndex: body.messageIndex)
            defer {
                lines.sink.events.ignoredFieldCount += lines.ignoredFieldCount
                events = lines.sink.take()
            }
            try lines.decode()
        }
    )
}

/// Whether a body begins with a line of line protocol.
private enum LineStart {
    static func isLine(_ start: BodyStart) -> Bool {
        let text = start.text.bindMemory(to: UInt8.self)
        guard let base = text.baseAddress else { return false }
        var scanner = LineScanner(base: base, end: text.count)
        while scanner.skipBlankLine() {}
        guard scanner.at < scanner.end, let line = scanner.line() else { return false }
        for field in line.fields {
            let value = NameBytes(start: base + field.value.lowerBound, count: field.value.count)
            switch field.kind {
            case .bad: return false
            case .float:
                if NumberParser.parse(value.start, value.count) == .notANumber { return false }
            case .integer, .unsigned, .boolean, .text: break
            }
        }
        let series = NameBytes(start: base + line.series.lowerBound, count: line.series.count)
        return LineNaming.isWellFormed(series)
    }
}
