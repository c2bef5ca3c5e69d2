import Core
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file of a ``PosixDisk``; reads use `pread`, so they do not disturb appends.
final class PosixFile: DiskFile {
    private let path: String
    /// -1 when closed.
    private let descriptor: Atomic<Int32>

    init(descriptor: Int32, path: String) {
        self.descriptor = Atomic(descriptor)
        self.path = path
    }

    deinit { close() }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        let descriptor = try openDescriptor("write")
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = retryingInterrupts { write(descriptor, start, min(rest.count, 1 << 30)) }
            guard count > 0 else {
                throw FleetError.posix(count == 0 ? ENOSPC : errno, "write", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func read(at offset: Int, count: Int) throws -> [UInt8] {
        let descriptor = try openDescriptor("read")
        guard offset >= 0, count >= 0 else {
            throw FleetError(
                .invalidArgument,
                "cannot read \(path) at \(offset): negative position or count"
            )
        }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let start = buffer.baseAddress {
                let done = retryingInterrupts {
                    pread(descriptor, start + filled, count - filled, off_t(offset + filled))
                }
                if done < 0 { throw FleetError.posix(errno, "read", path) }
                if done == 0 { break }
                filled += done
            }
        }
    }

    func size() throws -> Int {
        var status = stat()
        guard fstat(try openDescriptor("measure"), &status) == 0 else {
            throw FleetError.posix(errno, "measure", path)
        }
        return Int(status.st_size)
    }

    func truncate(to size: Int) throws {
        let descriptor = try openDescriptor("truncate")
        guard retryingInterrupts({ ftruncate(descriptor, off_t(size)) }) == 0 else {
            throw FleetError.posix(errno, "truncate", path)
        }
    }

    func sync() throws {
        let descriptor = try openDescriptor("sync")
        #if canImport(Glibc)
        let result = retryingInterrupts { fdatasync(descriptor) }
        #else
        let result = retryingInterrupts { fcntl(descriptor, F_FULLFSYNC) }
        #endif
        guard result != -1 else { throw FleetError.posix(errno, "sync", path) }
    }

    func uncache(upTo position: Int) {
        #if canImport(Glibc)
        let descriptor = descriptor.load(ordering: .acquiring)
        if descriptor >= 0 {
            _ = posix_fadvise(descriptor, 0, off_t(position), POSIX_FADV_DONTNEED)
        }
        #endif
    }

    func close() {
        let descriptor = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        if descriptor >= 0 { closeDescriptor(descriptor) }
    }

    private func openDescriptor(_ action: String) throws -> Int32 {
        let value = descriptor.load(ordering: .acquiring)
        guard value >= 0 else {
            throw FleetError(.unavailable, "cannot \(action) \(path): the file is closed")
        }
        return value
    }
}

/// Closes a descriptor; Linux releases it even when the call is interrupted.
func closeDescriptor(_ descriptor: Int32) {
    _ = close(descriptor)
}
