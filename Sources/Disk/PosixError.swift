package import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension FleetError {
    /// The error of a failed system call, with the path it was about.
    ///
    /// The number is the call's `errno`, the action a verb such as `write`.
    package static func posix(_ number: Int32, _ action: String, _ path: String) -> FleetError {
        switch number {
        case ENOSPC, EDQUOT:
            return FleetError(
                .resourceExhausted,
                "the disk is full: cannot \(action) \(path)",
                hint: "free space or raise the quota"
            )
        case ENOENT:
            return FleetError(.notFound, "cannot \(action) \(path): it does not exist")
        case EACCES, EPERM, EROFS:
            return FleetError(
                .invalidArgument,
                "cannot \(action) \(path): permission denied",
                hint: "check the owner and mode of the data folder"
            )
        case EMFILE, ENFILE:
            return FleetError(
                .resourceExhausted,
                "cannot \(action) \(path): too many open files",
                hint: "raise the limit with ulimit -n"
            )
        case ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP:
            return FleetError(.invalidArgument, "cannot \(action) \(path): \(text(number))")
        default:
            return FleetError(.unavailable, "cannot \(action) \(path): \(text(number))")
        }
    }

    private static func text(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text).lowercased()
    }
}

/// Repeats a system call while a signal interrupts it; the result is -1 with `errno` on failure.
func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result == -1, errno == EINTR { continue }
        return result
    }
}
