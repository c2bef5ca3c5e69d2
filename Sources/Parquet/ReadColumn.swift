/// A column of a file as the reader sees it.
struct ReadColumn {
    var name: String
    /// Nil when this reader does not know the column's type.
    var field: ParquetField?
    /// What is not known about an unsupported column.
    var unsupported = ""
    var physical = PhysicalType.boolean
    /// Stored timestamps times this are microseconds.
    var microsecondsPerUnit: Int64 = 1
    /// Stored timestamps are nanoseconds; microseconds are the whole ones before them.
    var isInNanoseconds = false
    /// The timestamps are what clocks showed in a zone that the file does not name.
    var isLocalTime = false
    var isUnsigned = false
    /// Of decimals, the number that is stored for 1; nil for all others.
    var unitsPerOne: Double?
    /// Bytes of a value whose type says so.
    var typeLength = 0
    /// The position of its values among all leaves of the schema.
    var leafIndex: Int
    /// The definition level of a value that is there.
    var definitionMax: UInt32 = 0

    var isList: Bool { field?.kind == .doubleList }

    /// What its whole numbers stand for.
    var meaning: ValueMeaning {
        if let unitsPerOne { return .decimal(unitsPerOne: unitsPerOne) }
        if isUnsigned { return .unsigned }
        if isInNanoseconds { return .nanoseconds }
        return microsecondsPerUnit == 1 ? .number : .time(microsecondsPerUnit: microsecondsPerUnit)
    }

    /// Bytes of a value; nil for texts and flags.
    var valueByteCount: Int? {
        switch physical {
        case .boolean, .byteArray: nil
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .fixedByteArray: typeLength
        }
    }
}
