import CDisk
import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension PosixDisk {
    package func prepare(_ path: String, byteCount: Int) throws -> any DiskFile {
        let full = absolute(path)
        try remove(path)
        let descriptor = openDescriptor(full, O_RDWR | O_CREAT | O_EXCL)
        guard descriptor >= 0 else { throw FleetError.posix(errno, "open", full) }
        let pages = (byteCount + ZeroPage.byteCount - 1) / ZeroPage.byteCount
        let size = pages * ZeroPage.byteCount
        let file = PosixFile(descriptor: descriptor, path: full, preparedByteCount: size)
        do {
            try fill(full, descriptor, size)
            return file
        } catch {
            file.close()
            throw error
        }
    }

    package func freeByteCount(of folder: String) throws -> Int {
        let full = absolute(folder)
        var status = statvfs()
        guard statvfs(full, &status) == 0 else { throw FleetError.posix(errno, "measure", full) }
        return Int(clamping: status.f_bavail) * Int(clamping: status.f_frsize)
    }

    /// Fills a file with zeros and syncs it with its size and its blocks.
    private func fill(_ path: String, _ descriptor: Int32, _ byteCount: Int) throws {
        // In one piece where that is possible, and not begun where there is no room.
        guard cdisk_reserve(descriptor, Int64(byteCount)) == 0 else {
            throw FleetError.posix(errno, "prepare", path)
        }
        // Past the memory of the system, which others need more; some file systems cannot.
        let direct = cdisk_open_direct(path)
        defer { if direct >= 0 { closeDescriptor(direct) } }
        if direct < 0 || !writeZeros(direct, byteCount) {
            guard writeZeros(descriptor, byteCount) else {
                throw FleetError.posix(errno, "prepare", path)
            }
        }
        guard retryingInterrupts({ fsync(descriptor) }) == 0 else {
            throw FleetError.posix(errno, "sync", path)
        }
    }

    /// Writes zeros from the start; false with `errno` on failure.
    ///
    /// In small pieces, between which a sync of the log finds the disk free.
    private func writeZeros(_ descriptor: Int32, _ byteCount: Int) -> Bool {
        let size = min(byteCount, 256 << 10)
        let zeros = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, size),
            alignment: ZeroPage.byteCount
        )
        defer { zeros.deallocate() }
        zeros.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        var done = 0
        while done < byteCount {
            let count = retryingInterrupts {
                pwrite(descriptor, zeros, min(size, byteCount - done), off_t(done))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
