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
    /// Of a prepared file: where appended bytes go; -1 stands for the end of the file.
    private let position: Atomic<Int>
    /// Of a prepared file: zeros lie behind the position up to here.
    private let zeroEnd: Atomic<Int>

    /// `preparedByteCount` is how many zeros are there to be replaced, nil for none.
    init(descriptor: Int32, path: String, preparedByteCount: Int? = nil) {
        self.descriptor = Atomic(descriptor)
        self.path = path
        position = Atomic(preparedByteCount == nil ? -1 : 0)
        zeroEnd = Atomic(preparedByteCount ?? 0)
    }

    deinit { close() }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        let descriptor = try openDescriptor("write")
        let position = position.load(ordering: .relaxed)
        guard position < 0 else {
            try overwrite(bytes, descriptor, position)
            self.position.store(position + bytes.count, ordering: .relaxed)
            return
        }
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = retryingInterrupts { write(descriptor, start, min(rest.count, 1 << 30)) }
            guard count > 0 else {
                throw FleetError.posix(count == 0 ? ENOSPC : errno, "write", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Writes bytes over zeros, and the zeros behind them up to the end of the page once more.
    ///
    /// A page that is written in part has to be read before.
    private func overwrite(
        _ bytes: UnsafeRawBufferPointer,
        _ descriptor: Int32,
        _ start: Int
    ) throws {
        let end = start + bytes.count
        let pageEnd = (end + ZeroPage.byteCount - 1) & ~(ZeroPage.byteCount - 1)
        let zeroCount = max(0, min(pageEnd, zeroEnd.load(ordering: .relaxed)) - end)
        var done = 0
        while let address = bytes.baseAddress, done < bytes.count {
            let parts = [
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: address + done),
                    iov_len: min(bytes.count - done, 1 << 30)
                ),
                iovec(
                    iov_base: ZeroPage.address,
                    iov_len: bytes.count - done <= 1 << 30 ? zeroCount : 0
                ),
            ]
            let count = retryingInterrupts { pwritev(descriptor, parts, 2, off_t(start + done)) }
            guard count > 0 else {
                throw FleetError.posix(count == 0 ? ENOSPC : errno, "write", path)
            }
            done += count
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
        let position = position.load(ordering: .relaxed)
        guard position >= 0 else { return }
        self.position.store(min(position, size), ordering: .relaxed)
        zeroEnd.store(min(zeroEnd.load(ordering: .relaxed), size), ordering: .relaxed)
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

/// A page of zeros to write.
enum ZeroPage {
    static let byteCount = 4096
    // SAFETY: nobody writes to it.
    nonisolated(unsafe) static let address: UnsafeMutableRawPointer = {
        let page = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: byteCount)
        page.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        return page
    }()
}
