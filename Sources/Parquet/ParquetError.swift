/// Why a Parquet file could not be written or read.
public enum ParquetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bytes are not a Parquet file, or a damaged one.
    case corrupt(String)
    /// The column uses an encoding, codec or type this reader does not know.
    case unsupported(column: String, what: String)
    /// No column of this name.
    case missingColumn(String)
    /// The input of the writer does not fit its schema.
    case mismatch(column: String, what: String)
    /// A part would exceed what the format or a limit allows.
    case tooLarge(String)

    /// One line that names the item and what is wrong.
    public var description: String {
        switch self {
        case .corrupt(let what): "the parquet file is damaged: \(what)"
        case .unsupported(let column, let what):
            "cannot read parquet column \"\(column)\": \(what) is not supported"
        case .missingColumn(let name): "the parquet file has no column \"\(name)\""
        case .mismatch(let column, let what):
            "cannot write parquet column \"\(column)\": \(what)"
        case .tooLarge(let what): "too large for parquet: \(what)"
        }
    }
}
