internal import Core

extension EventFormat {
    /// A table with a header: a row for each event, or a column for each sensor.
    ///
    /// Its first line says all that tells it, so a body that is like nothing else is taken for it.
    public static let csv = EventFormat(
        "csv",
        contentTypes: ["text/csv", "application/csv", "text/tab-separated-values"],
        fileExtensions: ["csv", "tsv"],
        isSeen: { _ in true },
        decode: { body, events in
            let header = try CSVHeader.parse(body.bytes, options: body.options)
            var decoder = try CSVDecoder(header: header, body)
            events.context = context(of: body.bytes, header)
            let rows = UnsafeRawBufferPointer(rebasing: body.bytes[header.byteCount...])
            try decoder.decode(rows, into: &events)
        }
    )

    private static let contextByteCountMax = 1 << 16

    /// The header line as it was written; nil when it is huge.
    private static func context(
        of bytes: UnsafeRawBufferPointer,
        _ header: CSVHeader
    ) -> String? {
        var line = bytes[..<header.byteCount]
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        while let last = line.last, last == 0x0A || last == 0x0D { line = line.dropLast() }
        while let first = line.first, first == 0x0A || first == 0x0D { line = line.dropFirst() }
        guard line.count <= contextByteCountMax else { return nil }
        return String(validating: line, as: UTF8.self)
    }
}
