import Core

extension Disk {
    /// The bytes of a file, nil when it is missing.
    package func contents(of path: String) throws -> [UInt8]? {
        guard exists(path) else { return nil }
        let file = try openForReading(path)
        defer { file.close() }
        return try file.read(at: 0, count: file.size())
    }

    /// Replaces a file in one step, so that a reader or a crash sees the old or the new bytes.
    ///
    /// The file is durable when this returns; a temporary `PATH.tmp` is used on the way.
    package func replaceContents(of path: String, with bytes: [UInt8]) throws {
        let temporary = path + ".tmp"
        let file = try open(temporary)
        do {
            defer { file.close() }
            try file.truncate(to: 0)
            try bytes.withUnsafeBytes { try file.append($0) }
            try file.sync()
        }
        try rename(temporary, to: path)
        try syncFolder(PosixDisk.parent(of: path))
    }
}
