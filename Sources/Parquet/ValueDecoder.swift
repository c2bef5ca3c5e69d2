/// Reads the values of pages of one column, whatever their encoding.
///
/// A value is 64 bits: a number is its own bits, a text is its index in the builder's dictionary.
struct ValueDecoder {
    let column: ReadColumn
    let meaning: ValueMeaning
    /// Bytes that the texts of a page may come to, which prefixes could make without end.
    let textByteCountMax: Int

    init(_ column: ReadColumn, textByteCountMax: Int) {
        self.column = column
        meaning = column.meaning
        self.textByteCountMax = textByteCountMax
    }

    /// The next values of a page.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`, or `.unsupported` for an encoding that is not known.
    func read(
        _ cursor: inout ByteCursor,
        encoding: Int64,
        count: Int,
        dictionary: [UInt64]?,
        into builder: inout ColumnBuilder
    ) throws -> [UInt64] {
        switch (encoding, column.physical) {
        case (PageEncoding.plain, _): return try plain(&cursor, count: count, into: &builder)
        case (PageEncoding.rle, .boolean):
            let byteCount = try cursor.count32()
            var part = ByteCursor(try cursor.take(byteCount))
            return try HybridEncoding.decode(&part, bitWidth: 1, count: count, max: 1)
                .map(UInt64.init)
        case (PageEncoding.rleDictionary, _), (PageEncoding.plainDictionary, _):
            return try codes(&cursor, count: count, dictionary)
        case (PageEncoding.deltaBinaryPacked, .int32):
            // Differences may wrap, in the width of the type.
            let values = try DeltaEncoding.decode(&cursor, count: count)
            return try meaning.bits(count: count) { Int64(Int32(truncatingIfNeeded: values[$0])) }
        case (PageEncoding.deltaBinaryPacked, .int64):
            let values = try DeltaEncoding.decode(&cursor, count: count)
            return try meaning.bits(count: count) { values[$0] }
        case (PageEncoding.deltaLengthByteArray, .byteArray):
            return try DeltaEncoding.texts(&cursor, count: count).map { try builder.addText($0) }
        case (PageEncoding.deltaByteArray, .byteArray):
            return try prefixed(&cursor, count: count) { try builder.addText($0) }
        case (PageEncoding.deltaByteArray, .fixedByteArray):
            return try prefixed(&cursor, count: count) { text in
                guard text.count == column.typeLength else {
                    throw ParquetError.corrupt("a value of \(text.count) bytes")
                }
                return meaning.bits(bigEndian: text)
            }
        case (PageEncoding.byteStreamSplit, _):
            return try split(&cursor, count: count, into: &builder)
        default:
            throw ParquetError.unsupported(column: column.name, what: PageEncoding.name(encoding))
        }
    }

    /// The next values, stored one after another.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`.
    func plain(
        _ cursor: inout ByteCursor,
        count: Int,
        into builder: inout ColumnBuilder
    ) throws -> [UInt64] {
        switch column.physical {
        case .boolean:
            let bytes = try cursor.take((count + 7) / 8)
            return (0..<count).map { UInt64(bytes[$0 >> 3] >> UInt8($0 & 7) & 1) }
        case .int32:
            let bytes = try fixed(&cursor, count, byteCount: 4)
            return try meaning.bits(count: count) {
                let bits = bytes.loadUnaligned(fromByteOffset: $0 &* 4, as: Int32.self)
                return Int64(Int32(littleEndian: bits))
            }
        case .int64:
            let bytes = try fixed(&cursor, count, byteCount: 8)
            return try meaning.bits(count: count) {
                let bits = bytes.loadUnaligned(fromByteOffset: $0 &* 8, as: Int64.self)
                return Int64(littleEndian: bits)
            }
        case .int96:
            let bytes = try fixed(&cursor, count, byteCount: 12)
            return try (0..<count).map { try ValueMeaning.julianTime(bytes, at: $0 &* 12) }
        case .float:
            let bytes = try fixed(&cursor, count, byteCount: 4)
            return (0..<count).map {
                let bits = bytes.loadUnaligned(fromByteOffset: $0 &* 4, as: UInt32.self)
                return Double(Float(bitPattern: UInt32(littleEndian: bits))).bitPattern
            }
        case .double:
            let bytes = try fixed(&cursor, count, byteCount: 8)
            return (0..<count).map {
                let bits = bytes.loadUnaligned(fromByteOffset: $0 &* 8, as: UInt64.self)
                return UInt64(littleEndian: bits)
            }
        case .byteArray:
            // Every text takes at least the four bytes of its length.
            guard count <= cursor.remaining / 4 else { throw tooShort(count) }
            return try (0..<count).map { _ in
                let byteCount = try cursor.count32()
                return try builder.addText(try cursor.take(byteCount))
            }
        case .fixedByteArray:
            let width = column.typeLength
            let bytes = try fixed(&cursor, count, byteCount: width)
            return (0..<count).map {
                let value = bytes[($0 &* width)..<($0 &* width &+ width)]
                return meaning.bits(bigEndian: UnsafeRawBufferPointer(rebasing: value))
            }
        }
    }

    private func codes(
        _ cursor: inout ByteCursor,
        count: Int,
        _ dictionary: [UInt64]?
    ) throws -> [UInt64] {
        guard count > 0 else { return [] }
        guard let dictionary, !dictionary.isEmpty else {
            throw ParquetError.corrupt("a page uses a dictionary that is not there")
        }
        let width = Int(try cursor.byte())
        let codes = try HybridEncoding.decode(
            &cursor,
            bitWidth: width,
            count: count,
            max: UInt32(dictionary.count - 1)
        )
        return codes.map { dictionary[Int($0)] }
    }

    /// Texts of which each begins as the one before.
    ///
    /// - Source: Encodings.md of apache/parquet-format, "Delta Strings".
    private func prefixed(
        _ cursor: inout ByteCursor,
        count: Int,
        _ bits: (UnsafeRawBufferPointer) throws -> UInt64
    ) throws -> [UInt64] {
        let prefixes = try DeltaEncoding.decode(&cursor, count: count)
        let suffixes = try DeltaEncoding.texts(&cursor, count: count)
        var text: [UInt8] = []
        var byteCount = 0
        return try (0..<count).map { index in
            guard prefixes[index] >= 0, prefixes[index] <= text.count else {
                throw ParquetError.corrupt("a prefix of \(prefixes[index]) bytes")
            }
            text.removeLast(text.count - Int(prefixes[index]))
            text += suffixes[index]
            byteCount += text.count
            guard byteCount <= textByteCountMax else {
                throw ParquetError.tooLarge("the texts of a page of column \"\(column.name)\"")
            }
            return try text.withUnsafeBytes(bits)
        }
    }

    /// Values of which the first bytes come first, then the second ones, and so on.
    ///
    /// - Source: Encodings.md of apache/parquet-format, "Byte Stream Split".
    private func split(
        _ cursor: inout ByteCursor,
        count: Int,
        into builder: inout ColumnBuilder
    ) throws -> [UInt64] {
        guard let width = column.valueByteCount else {
            throw ParquetError.corrupt("values without a width are split into bytes")
        }
        let streams = try fixed(&cursor, count, byteCount: width)
        var joined = [UInt8](repeating: 0, count: count * width)
        for byte in 0..<width {
            for index in 0..<count {
                joined[index &* width &+ byte] = streams[byte &* count &+ index]
            }
        }
        return try joined.withUnsafeBytes { bytes in
            var part = ByteCursor(bytes)
            return try plain(&part, count: count, into: &builder)
        }
    }

    private func fixed(
        _ cursor: inout ByteCursor,
        _ count: Int,
        byteCount: Int
    ) throws -> UnsafeRawBufferPointer {
        guard byteCount > 0, count <= cursor.remaining / byteCount else { throw tooShort(count) }
        return try cursor.take(count * byteCount)
    }

    private func tooShort(_ count: Int) -> ParquetError {
        .corrupt("a page is too short for \(count) values")
    }
}
