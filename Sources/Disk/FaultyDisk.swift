import Core
import Synchronization

/// A disk in memory that loses what was not synced, fills up and fails on demand.
///
/// Of a file only the bytes up to its last sync survive ``crash()``; of a folder only the names
/// up to its last `syncFolder`. Created folders survive, as the seam promises.
///
/// - Concurrency: any thread.
package final class FaultyDisk: Disk {
    fileprivate let state: Mutex<FaultyDiskState>

    /// An empty disk.
    package convenience init(faults: DiskFaults = DiskFaults()) {
        self.init(state: FaultyDiskState(faults: faults))
    }

    private init(state: sending FaultyDiskState) {
        self.state = Mutex(state)
    }

    /// Cuts the power and returns the disk as it is found afterwards.
    ///
    /// This object and its open files only throw `.unavailable` from now on.
    package func crash() -> FaultyDisk {
        let after = state.withLock { state in
            state.hasPower = false
            return state.afterPowerLoss()
        }
        return FaultyDisk(state: after)
    }

    /// Changes what goes wrong from now on; the seed stays as it was.
    package func updateFaults(_ change: (inout DiskFaults) -> Void) {
        state.withLock { change(&$0.faults) }
    }

    /// Flips one bit of a file, as decaying media does.
    package func flipBit(_ bit: Int, at position: Int, of path: String) throws {
        let path = Self.normal(path)
        try state.withLock { state in
            guard let file = state.names[path], position >= 0,
                position < state.contents[file].bytes.count
            else { throw FleetError(.notFound, "no byte \(position) in \(path)") }
            state.contents[file].bytes[position] ^= 1 << UInt8(bit & 7)
        }
    }

    /// How many calls the disk has taken.
    package var callCount: Int { state.withLock { $0.callCount } }

    package func open(_ path: String) throws -> any DiskFile {
        let path = Self.normal(path)
        let file = try state.withLock { try $0.open(path) }
        return FaultyFile(disk: self, file: file, path: path, isWritable: true)
    }

    package func prepare(_ path: String, byteCount: Int) throws -> any DiskFile {
        let path = Self.normal(path)
        let file = try state.withLock { try $0.prepare(path, byteCount) }
        return FaultyFile(disk: self, file: file, path: path, isWritable: true, isPrepared: true)
    }

    package func freeByteCount(of folder: String) throws -> Int {
        try state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            return state.faults.freeByteCount ?? .max
        }
    }

    package func openForReading(_ path: String) throws -> any DiskFile {
        let path = Self.normal(path)
        let file = try state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            return state.names[path]
        }
        guard let file else {
            throw FleetError(.notFound, "cannot open \(path): it does not exist")
        }
        return FaultyFile(disk: self, file: file, path: path, isWritable: false)
    }

    package func createFolder(_ path: String) throws {
        try state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            var folder = Self.normal(path)
            while state.folders.insert(folder).inserted, folder != "/", folder != "." {
                folder = PosixDisk.parent(of: folder)
            }
        }
    }

    package func list(_ path: String) throws -> [String] {
        let folder = Self.normal(path)
        let prefix = folder == "." ? "" : folder == "/" ? "/" : folder + "/"
        let names = try state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            return (Array(state.names.keys) + state.folders)
                .filter { $0 != folder && PosixDisk.parent(of: $0) == folder }
                .map { String($0.dropFirst(prefix.count)) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func exists(_ path: String) -> Bool {
        let path = Self.normal(path)
        return state.withLock { $0.names[path] != nil || $0.folders.contains(path) }
    }

    package func remove(_ path: String) throws {
        try state.withLock { try $0.remove(Self.normal(path)) }
    }

    package func rename(_ path: String, to target: String) throws {
        try state.withLock { try $0.rename(Self.normal(path), Self.normal(target)) }
    }

    package func syncFolder(_ path: String) throws {
        try state.withLock { try $0.syncFolder(Self.normal(path)) }
    }

    /// The path without doubled and trailing slashes; the root folder is `.`.
    private static func normal(_ path: String) -> String {
        let joined = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        if path.utf8.first == 0x2F { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }
}

/// An open file of a ``FaultyDisk``.
private final class FaultyFile: DiskFile {
    private let disk: FaultyDisk
    private let file: Int
    private let path: String
    private let isWritable: Bool
    private let isPrepared: Bool
    private let isClosed = Atomic(false)

    init(
        disk: FaultyDisk,
        file: Int,
        path: String,
        isWritable: Bool,
        isPrepared: Bool = false
    ) {
        self.disk = disk
        self.file = file
        self.path = path
        self.isWritable = isWritable
        self.isPrepared = isPrepared
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try check(writing: true)
        // The lock's closure may not capture a raw pointer, so the bytes are copied.
        let copy = Array(bytes)
        try disk.state.withLock { state in
            if !isPrepared { state.contents[file].writeOutZeros() }
            try copy.withUnsafeBytes { try state.append(file, $0, path) }
        }
    }

    func read(at offset: Int, count: Int) throws -> [UInt8] {
        try check(writing: false)
        guard offset >= 0, count >= 0 else {
            throw FleetError(
                .invalidArgument,
                "cannot read \(path) at \(offset): negative position or count"
            )
        }
        return try disk.state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            return state.contents[file].read(at: offset, count: count)
        }
    }

    func size() throws -> Int {
        try check(writing: false)
        return try disk.state.withLock { state in
            if try state.begin() { throw FaultyDiskState.powerIsOff }
            return state.contents[file].size
        }
    }

    func truncate(to size: Int) throws {
        try check(writing: true)
        guard size >= 0 else {
            throw FleetError(.invalidArgument, "cannot truncate \(path) to \(size)")
        }
        try disk.state.withLock { try $0.truncate(file, size) }
    }

    func sync() throws {
        try check(writing: false)
        try disk.state.withLock { try $0.sync(file, path) }
    }

    func close() {
        isClosed.store(true, ordering: .releasing)
    }

    private func check(writing: Bool) throws {
        guard !isClosed.load(ordering: .acquiring) else {
            throw FleetError(.unavailable, "cannot use \(path): the file is closed")
        }
        guard !writing || isWritable else {
            throw FleetError(.unavailable, "cannot write \(path): it is open for reading")
        }
    }
}
