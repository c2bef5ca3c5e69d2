extension ParquetColumn {
    /// Appends the rows of a column of the same kind; another kind changes nothing.
    public mutating func append(_ other: ParquetColumn) {
        func join(_ left: [Bool]?, _ right: [Bool]?) -> [Bool]? {
            guard left != nil || right != nil else { return nil }
            return (left ?? Array(repeating: true, count: rowCount))
                + (right ?? Array(repeating: true, count: other.rowCount))
        }
        switch (self, other) {
        case (.boolean(let left), .boolean(let right)): self = .boolean(left + right)
        case (.int32(let left, let validity), .int32(let right, let otherValidity)):
            self = .int32(left + right, validity: join(validity, otherValidity))
        case (.int64(let left, let validity), .int64(let right, let otherValidity)):
            self = .int64(left + right, validity: join(validity, otherValidity))
        case (.double(let left, let validity), .double(let right, let otherValidity)):
            self = .double(left + right, validity: join(validity, otherValidity))
        case (.timestamp(let left, let validity), .timestamp(let right, let otherValidity)):
            self = .timestamp(left + right, validity: join(validity, otherValidity))
        case (.string(let left, let codes), .string(let right, let otherCodes)):
            let base = UInt32(truncatingIfNeeded: left.count)
            var both = left
            both.append(contentsOf: right)
            self = .string(
                dictionary: both,
                indices: codes + otherCodes.map { $0 == Self.nullIndex ? $0 : $0 &+ base }
            )
        case (
            .doubleList(let left, let offsets, let validity),
            .doubleList(let right, let otherOffsets, let otherValidity)
        ):
            let start = otherOffsets.first ?? 0
            let end = otherOffsets.last ?? 0
            let base = left.count
            self = .doubleList(
                values: left + right[start..<end],
                offsets: (offsets.isEmpty ? [base] : offsets)
                    + otherOffsets.dropFirst().map { $0 - start + base },
                validity: join(validity, otherValidity)
            )
        default: break
        }
    }
}
