/// Collects the values of a chunk; every value is held as 64 bits until the end.
///
/// A number is its own bits, a text is its index in the dictionary.
struct ColumnBuilder {
    private let column: ReadColumn
    /// A value a row, or an element each in a list column.
    private var bits: [UInt64] = []
    private var validity: [Bool] = []
    private var hasNull = false
    private var offsets: [Int] = []
    /// Texts of all dictionary pages and plain pages.
    private(set) var texts = ParquetTexts()

    /// What stands in a null row.
    private let nullBits: UInt64

    init(column: ReadColumn) {
        self.column = column
        nullBits =
            switch column.field?.kind {
            case .string, .boolean: UInt64(ParquetColumn.nullIndex)
            default: 0
            }
    }

    /// Rows begun so far.
    var rowCount: Int { column.isList ? offsets.count : bits.count }

    /// Adds a text and returns its index, which repeats for runs of equal texts.
    mutating func addText(_ bytes: UnsafeRawBufferPointer) throws -> UInt64 {
        if !texts.isEmpty, texts.withBytes(of: texts.count - 1, { $0.isSame(as: bytes) }) {
            return UInt64(texts.count - 1)
        }
        guard texts.count < Int(UInt32.max) - 1 else {
            throw ParquetError.tooLarge("more than 4 billion texts")
        }
        return try addDictionaryText(bytes)
    }

    /// Adds a dictionary page's text, never merged with its neighbour.
    mutating func addDictionaryText(_ bytes: UnsafeRawBufferPointer) throws -> UInt64 {
        guard texts.append(validating: bytes) else {
            throw ParquetError.corrupt("a text is not utf-8")
        }
        return UInt64(texts.count - 1)
    }

    /// Appends a page of a column without lists; `definitions` nil means that no row is null.
    mutating func append(values: [UInt64], definitions: [UInt32]?) throws {
        guard let definitions else {
            bits.append(contentsOf: values)
            validity.append(contentsOf: repeatElement(true, count: values.count))
            return
        }
        var next = 0
        for definition in definitions {
            let isPresent = definition == column.definitionMax
            guard !isPresent || next < values.count else {
                throw ParquetError.corrupt("a page has too few values")
            }
            bits.append(isPresent ? values[next] : nullBits)
            validity.append(isPresent)
            if isPresent { next += 1 } else { hasNull = true }
        }
    }

    /// Appends a page of a list column; a list may go on from the page before.
    mutating func append(
        values: [UInt64],
        definitions: [UInt32],
        repetitions: [UInt32]
    ) throws {
        let isOptional = column.field?.isOptional ?? false
        let emptyLevel: UInt32 = isOptional ? 1 : 0
        var next = 0
        for (definition, repetition) in zip(definitions, repetitions) {
            if repetition == 0 {
                offsets.append(bits.count)
                let isPresent = !isOptional || definition > 0
                validity.append(isPresent)
                if !isPresent { hasNull = true }
                if definition <= emptyLevel { continue }
            } else if offsets.isEmpty || definition <= emptyLevel {
                throw ParquetError.corrupt("a list goes on that never began")
            }
            if definition == column.definitionMax {
                guard next < values.count else {
                    throw ParquetError.corrupt("a page has too few values")
                }
                bits.append(values[next])
                next += 1
            } else {
                bits.append(Double.nan.bitPattern)
            }
        }
    }

    /// The column in its final form.
    consuming func finish(kind: ParquetKind) -> ParquetColumn {
        let validity = hasNull ? validity : nil
        switch kind {
        case .boolean:
            return .boolean(bits.map { $0 > 1 ? -1 : Int8($0) })
        case .int32:
            return .int32(bits.map { Int32(truncatingIfNeeded: $0) }, validity: validity)
        case .int64: return .int64(bits.map { Int64(bitPattern: $0) }, validity: validity)
        case .timestamp:
            return .timestamp(bits.map { Int64(bitPattern: $0) }, validity: validity)
        case .double:
            return .double(bits.map { Double(bitPattern: $0) }, validity: validity)
        case .string:
            return .string(
                dictionary: texts,
                indices: bits.map { UInt32(truncatingIfNeeded: $0) }
            )
        case .doubleList:
            return .doubleList(
                values: bits.map { Double(bitPattern: $0) },
                offsets: offsets + [bits.count],
                validity: validity
            )
        }
    }
}
