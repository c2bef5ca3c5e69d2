/// What the whole numbers of a column stand for.
enum ValueMeaning {
    case number
    /// A number of 32 bits without a sign.
    case unsigned
    /// A time in units of so many microseconds.
    case time(microsecondsPerUnit: Int64)
    /// A time in nanoseconds, of which whole microseconds are kept.
    case nanoseconds
    /// A decimal number: so many units are 1.
    case decimal(unitsPerOne: Double)

    /// Bytes of a decimal that are read.
    static let decimalByteCountMax = 16
    /// Digits behind the point; powers of ten up to here are exact.
    static let decimalScaleMax: Int64 = 22

    /// What so many stored numbers are, as ``ColumnBuilder`` keeps them.
    ///
    /// - Throws: ``ParquetError`` `.corrupt` for a time out of range.
    @inline(__always)
    func bits(count: Int, _ value: (Int) -> Int64) throws -> [UInt64] {
        switch self {
        case .number: return (0..<count).map { UInt64(bitPattern: value($0)) }
        case .unsigned: return (0..<count).map { UInt64(UInt32(truncatingIfNeeded: value($0))) }
        case .time(let unit):
            return try (0..<count).map {
                let (time, hasOverflow) = value($0).multipliedReportingOverflow(by: unit)
                guard !hasOverflow else { throw ParquetError.corrupt("a time out of range") }
                return UInt64(bitPattern: time)
            }
        case .nanoseconds:
            return (0..<count).map {
                let (quotient, remainder) = value($0).quotientAndRemainder(dividingBy: 1000)
                return UInt64(bitPattern: remainder < 0 ? quotient - 1 : quotient)
            }
        case .decimal(let unitsPerOne):
            return (0..<count).map { (Double(value($0)) / unitsPerOne).bitPattern }
        }
    }

    /// What a number of up to 16 bytes is, the highest first; only decimals are stored so.
    ///
    /// The nearest double for decimals of up to 15 digits, else within two units in its last place.
    func bits(bigEndian bytes: UnsafeRawBufferPointer) -> UInt64 {
        var high: UInt64 = bytes.first.map { $0 < 0x80 ? 0 : .max } ?? 0
        var low = high
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        var value = Double(Int64(bitPattern: low))
        if Int64(bitPattern: high) != Int64(bitPattern: low) >> 63 {
            value = Double(Int64(bitPattern: high)) * 0x1p64 + Double(low)
        }
        guard case .decimal(let unitsPerOne) = self else { return value.bitPattern }
        return (value / unitsPerOne).bitPattern
    }

    /// The microseconds of a time as Spark and Impala store it: nanoseconds of a Julian day.
    ///
    /// - Throws: ``ParquetError`` `.corrupt` for a time out of range.
    static func julianTime(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws -> UInt64 {
        let nanoseconds = Int64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)
        )
        let day = UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)
        )
        /// The Julian day of 1970-01-01.
        let epoch: Int64 = 2_440_588
        let dayLength: Int64 = 86_400_000_000
        let (start, isFar) = (Int64(day) - epoch).multipliedReportingOverflow(by: dayLength)
        let (time, isBeyond) = start.addingReportingOverflow(nanoseconds / 1000)
        guard !isFar, !isBeyond, nanoseconds >= 0, nanoseconds / 1000 <= dayLength else {
            throw ParquetError.corrupt("a time out of range")
        }
        return UInt64(bitPattern: time)
    }
}
