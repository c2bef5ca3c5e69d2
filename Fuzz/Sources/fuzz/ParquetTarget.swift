import Parquet

/// Opens what may be a Parquet file and reads all of its columns.
enum ParquetTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        do {
            let reader = try ParquetReader(
                bytes: bytes,
                pageByteCountMax: 1 << 20,
                valueCountMax: 1 << 18
            )
            // A column a few times is enough, and names may repeat.
            for name in reader.columnNames.prefix(16) {
                for group in reader.rowGroupRowCounts.indices.prefix(4) {
                    attempt {
                        let column = try reader.column(name, rowGroup: group)
                        check(column, rowCount: reader.rowGroupRowCounts[group])
                    }
                }
            }
        } catch let error as ParquetError {
            require(!error.description.isEmpty, "a refusal says why")
        } catch {
            fail("a file is refused by another error: \(error)")
        }
    }

    private static func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch let error as ParquetError {
            require(!error.description.isEmpty, "a refusal says why")
        } catch {
            fail("a column is refused by another error: \(error)")
        }
    }

    /// What holds for every column that is read.
    private static func check(_ column: ParquetColumn, rowCount: Int) {
        require(column.rowCount == rowCount, "\(column.rowCount) of \(rowCount) rows")
        require((column.presence?.count ?? rowCount) == rowCount, "a row has no presence")
        switch column {
        case .string(let dictionary, let indices):
            require(
                indices.allSatisfy { $0 == ParquetColumn.nullIndex || $0 < dictionary.count },
                "an index is no text"
            )
        case .doubleList(let values, let offsets, _):
            require(
                zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
                    && offsets.last == values.count,
                "lists do not follow each other"
            )
        default: break
        }
    }
}
