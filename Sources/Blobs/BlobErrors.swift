package import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The errors that drivers share.
package enum BlobErrors {
    /// No object of this key.
    package static func notFound(_ key: String) -> FleetError {
        FleetError(.notFound, "blob \"\(key)\" does not exist")
    }

    /// A range beyond the object's end.
    package static func outside(_ key: String, _ range: Range<Int>, byteCount: Int) -> FleetError {
        FleetError(
            .invalidArgument,
            "cannot map bytes \(range.lowerBound) to \(range.upperBound) of blob \"\(key)\": "
                + "it has \(byteCount)"
        )
    }

    /// What a failed system call means for an item, such as `blob "a/b"`.
    package static func system(_ number: Int32, _ doing: String, _ item: String) -> FleetError {
        let reason = String(cString: strerror(number))
        let message = "cannot \(doing) \(item): \(reason)"
        return switch number {
        case ENOSPC, EDQUOT:
            FleetError(.resourceExhausted, message, hint: "free disk space and try again")
        case EMFILE, ENFILE:
            FleetError(.resourceExhausted, message, hint: "raise the limit of open files")
        case ENOENT: FleetError(.notFound, message)
        case ENOTDIR, EISDIR, ENOTEMPTY, EEXIST:
            FleetError(
                .conflict,
                message,
                hint: "one key cannot be another's folder in local storage"
            )
        case EACCES, EPERM, EROFS:
            FleetError(.unavailable, message, hint: "check the folder's owner and permissions")
        case EIO: FleetError(.dataLoss, message, hint: "check the disk")
        case ENAMETOOLONG: FleetError(.invalidArgument, message)
        default: FleetError(.unavailable, message)
        }
    }
}
