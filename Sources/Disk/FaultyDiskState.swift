import Core

/// The files of a ``FaultyDisk``: what the process sees and what a power loss leaves of it.
struct FaultyDiskState {
    var faults: DiskFaults
    var random: SeededGenerator
    var callCount = 0
    var hasPower = true
    /// Per file number; removed files keep theirs, because open files still read them.
    var contents: [Content] = []
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var folders: Set<String> = ["."]

    init(faults: DiskFaults) {
        self.faults = faults
        random = SeededGenerator(seed: faults.seed)
    }

    /// Counts a call; true when the power fails during this very call.
    mutating func begin() throws -> Bool {
        guard hasPower else { throw Self.powerIsOff }
        callCount += 1
        guard let limit = faults.powerFailsAfterCallCount, callCount > limit else { return false }
        hasPower = false
        return true
    }

    static let powerIsOff = FleetError(.unavailable, "the disk has lost its power")

    /// Whether something of this probability happens now.
    mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &random) < probability
    }

    /// Appends what fits and what a fault lets through.
    mutating func append(_ file: Int, _ bytes: UnsafeRawBufferPointer, _ path: String) throws {
        let powerFails = try begin()
        var fitting = bytes.count
        var failure: FleetError?
        if powerFails {
            failure = Self.powerIsOff
        } else if chance(faults.writeErrorProbability) {
            failure = FleetError(.unavailable, "cannot write \(path): input/output error")
        }
        if failure != nil { fitting = Int.random(in: 0...fitting, using: &random) }
        if let free = faults.freeByteCount {
            // Bytes that replace zeros take no room.
            let zeroCount = contents[file].size - contents[file].bytes.count
            if fitting - zeroCount > free {
                fitting = max(0, free) + zeroCount
                failure = failure ?? Self.diskIsFull(path)
            }
            faults.freeByteCount = free - max(0, fitting - zeroCount)
        }
        contents[file].bytes.append(contentsOf: bytes[..<fitting])
        if let failure { throw failure }
    }

    /// The error of a write that does not fit.
    static func diskIsFull(_ path: String) -> FleetError {
        FleetError(
            .resourceExhausted,
            "the disk is full: cannot write \(path)",
            hint: "free space or raise the quota"
        )
    }

    /// Cuts or grows a file, remembering what a crash brings back.
    mutating func truncate(_ file: Int, _ size: Int) throws {
        if try begin() { throw Self.powerIsOff }
        giveBack(contents[file].truncate(to: size))
    }

    /// Makes the bytes of a file survive a crash.
    mutating func sync(_ file: Int, _ path: String) throws {
        if try begin() { throw Self.powerIsOff }
        if chance(faults.syncErrorProbability) {
            throw FleetError(.unavailable, "cannot sync \(path): input/output error")
        }
        if faults.syncIsIgnored { return }
        contents[file].sync()
    }

    /// The number of the file with this name, made when missing.
    mutating func open(_ path: String) throws -> Int {
        if try begin() { throw Self.powerIsOff }
        if let file = names[path] { return file }
        guard folders.contains(PosixDisk.parent(of: path)) else {
            throw FleetError(.notFound, "cannot open \(path): it does not exist")
        }
        contents.append(Content())
        names[path] = contents.count - 1
        return contents.count - 1
    }

    /// A new file of zeros, which are there after a power loss.
    mutating func prepare(_ path: String, _ byteCount: Int) throws -> Int {
        if let before = names.removeValue(forKey: path) { giveBack(contents[before].size) }
        let file = try open(path)
        if chance(faults.writeErrorProbability) {
            throw FleetError(.unavailable, "cannot write \(path): input/output error")
        }
        if let free = faults.freeByteCount {
            guard byteCount <= free else { throw Self.diskIsFull(path) }
            faults.freeByteCount = free - byteCount
        }
        contents[file] = Content(zeroEnd: byteCount)
        return file
    }

    /// Forgets a name; open files keep the bytes.
    mutating func remove(_ path: String) throws {
        if try begin() { throw Self.powerIsOff }
        guard let file = names.removeValue(forKey: path) else { return }
        giveBack(contents[file].size)
    }

    /// Moves a name over another.
    mutating func rename(_ path: String, _ target: String) throws {
        if try begin() { throw Self.powerIsOff }
        guard let file = names[path], folders.contains(PosixDisk.parent(of: target)) else {
            throw FleetError(.notFound, "cannot rename \(path): it does not exist")
        }
        names[path] = nil
        if let replaced = names[target] { giveBack(contents[replaced].size) }
        names[target] = file
    }

    /// Makes the names in a folder survive a crash.
    mutating func syncFolder(_ folder: String) throws {
        if try begin() { throw Self.powerIsOff }
        guard folders.contains(folder) else {
            throw FleetError(.notFound, "cannot sync folder \(folder): it does not exist")
        }
        if faults.syncIsIgnored { return }
        makeNamesDurable(in: folder)
    }

    private mutating func makeNamesDurable(in folder: String) {
        for path in Set(names.keys).union(durableNames.keys)
        where PosixDisk.parent(of: path) == folder {
            durableNames[path] = names[path]
        }
    }

    private mutating func giveBack(_ count: Int) {
        if let free = faults.freeByteCount { faults.freeByteCount = free + count }
    }

    /// What is on the disk when the power comes back.
    mutating func afterPowerLoss() -> FaultyDiskState {
        var after = FaultyDiskState(faults: faults)
        after.faults.seed = random.next()
        after.random = SeededGenerator(seed: after.faults.seed)
        after.faults.powerFailsAfterCallCount = nil
        after.folders = folders
        if faults.tearsWrites {
            for folder in folders.sorted() where Bool.random(using: &random) {
                makeNamesDurable(in: folder)
            }
        }
        for (path, file) in durableNames.sorted(by: { $0.key < $1.key }) {
            let bytes = contents[file].survivors(faults, &random)
            after.contents.append(Content(bytes: bytes))
            after.names[path] = after.contents.count - 1
        }
        after.durableNames = after.names
        return after
    }
}
