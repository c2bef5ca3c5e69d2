import Core
import Packs

/// Which file holds the model of which key, in key order, in 24 bytes a model and its key.
struct ImportJobs: Sendable {
    /// One model to import.
    struct Job: Sendable {
        let file: UInt32
        /// The file with its metadata, -1 for none.
        var sidecar: Int32 = -1
        let keyStart: Int
        let deviceByteCount: UInt16
        let sensorByteCount: UInt16
    }

    private(set) var jobs: [Job] = []
    private(set) var keys: [UInt8] = []
    /// What the names told; decoding adds to it.
    private(set) var report = ImportReport()

    static let fileCountMax = 1 << 28

    /// Reads the names of all files.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for an override or a fallback without a file.
    init(_ files: ModelFiles, _ request: ImportRequest) throws {
        guard files.count <= Self.fileCountMax else {
            throw FleetError(
                .resourceExhausted,
                "\(files.name) holds \(files.count) files; at most \(Self.fileCountMax)"
            )
        }
        let overridden = try Self.overrides(files, request)
        jobs.reserveCapacity(files.count)
        var sidecars = SidecarFiles()
        files.paths.withUnsafeBytes { paths in
            for (index, entry) in files.entries.enumerated() {
                let path = Self.path(entry, paths)
                let name = FileKind.fileName(path)
                if FileKind.hasSuffix(name, FileKind.sidecarSuffix), name.first != 0x2E {
                    sidecars.add(index, path)
                    continue
                }
                let isNamed = overridden.files.contains(index)
                guard let key = key(of: name, request) else {
                    if !isNamed { report.addIgnored(files.path(at: index)) }
                    continue
                }
                append(key, file: index)
            }
        }
        for (key, file) in overridden.keys { append(key, file: file) }
        settle(files, overridden.keys)
        attach(sidecars, files)
    }

    /// Whether the names of files have several readings, so that known keys are worth asking for.
    static func isAmbiguous(_ files: ModelFiles, _ pattern: KeyPattern) -> Bool {
        files.paths.withUnsafeBytes { paths in
            files.entries.contains { entry in
                let name = FileKind.fileName(path(entry, paths))
                guard !FileKind.isSurelyNoModel(name) else { return false }
                var count = 0
                pattern.forEachKey(in: FileKind.stem(name)) { _ in
                    count += 1
                    return count < 2
                }
                return count > 1
            }
        }
    }

    /// The key of a job where it lies in `keys`.
    @inline(__always)
    static func key(_ job: Job, _ keys: UnsafeRawBufferPointer) -> KeyBytes {
        let middle = job.keyStart + Int(job.deviceByteCount)
        let end = middle + Int(job.sensorByteCount)
        return KeyBytes(
            device: UnsafeRawBufferPointer(rebasing: keys[job.keyStart..<middle]),
            sensor: UnsafeRawBufferPointer(rebasing: keys[middle..<end])
        )
    }

    @inline(__always)
    static func path(
        _ entry: ModelFiles.Entry,
        _ paths: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let end = entry.pathStart + Int(entry.pathByteCount)
        return UnsafeRawBufferPointer(rebasing: paths[entry.pathStart..<end])
    }

    /// Where the bytes of a key were put, without making a text.
    private struct KeyPlace {
        let start: Int
        let device: Int
        let sensor: Int
    }

    private mutating func key(
        of name: UnsafeRawBufferPointer,
        _ request: ImportRequest
    ) -> KeyPlace? {
        guard !FileKind.isSurelyNoModel(name) else { return nil }
        let stem = FileKind.stem(name)
        var first: KeyPlace?
        var isKnown = false
        let hasKnown = !request.knownKeys.isEmpty
        request.pattern.forEachKey(in: stem) { key in
            if first == nil { first = put(key) }
            guard hasKnown else { return false }
            guard request.knownKeys.contains(SeriesKey(key)), !isKnown else { return true }
            isKnown = true
            if let place = first { keys.removeLast(keys.count - place.start) }
            first = put(key)
            return false
        }
        return first
    }

    private mutating func put(_ key: KeyBytes) -> KeyPlace {
        let start = keys.count
        keys.append(contentsOf: key.device)
        keys.append(contentsOf: key.sensor)
        return KeyPlace(start: start, device: key.device.count, sensor: key.sensor.count)
    }

    private mutating func append(_ place: KeyPlace, file: Int) {
        jobs.append(
            Job(
                file: UInt32(truncatingIfNeeded: file),
                keyStart: place.start,
                deviceByteCount: UInt16(truncatingIfNeeded: place.device),
                sensorByteCount: UInt16(truncatingIfNeeded: place.sensor)
            )
        )
    }

    private mutating func append(_ key: SeriesKey, file: Int) {
        let place = key.withKeyBytes { put($0) }
        append(place, file: file)
    }

    /// Orders the jobs by key; of several files of a key an override's counts, else the first.
    private mutating func settle(_ files: ModelFiles, _ overrides: [SeriesKey: Int]) {
        let sorted = files.paths.withUnsafeBytes { paths in
            keys.withUnsafeBytes { keys in
                jobs.sorted { left, right in
                    let order = Self.key(left, keys).compared(to: Self.key(right, keys))
                    if order != 0 { return order < 0 }
                    return Self.path(files.entries[Int(left.file)], paths)
                        .lexicographicallyPrecedes(Self.path(files.entries[Int(right.file)], paths))
                }
            }
        }
        jobs.removeAll(keepingCapacity: true)
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count, areEqual(sorted[start], sorted[end]) { end += 1 }
            add(sorted[start..<end], files, overrides)
            start = end
        }
    }

    private mutating func add(
        _ same: ArraySlice<Job>,
        _ files: ModelFiles,
        _ overrides: [SeriesKey: Int]
    ) {
        guard var chosen = same.first else { return }
        if overrides.isEmpty, same.count == 1 {
            report.addFile(files.path(at: Int(chosen.file)))
            return jobs.append(chosen)
        }
        let key = keys.withUnsafeBytes { SeriesKey(Self.key(chosen, $0)) }
        if let file = overrides[key], let named = same.first(where: { $0.file == UInt32(file) }) {
            chosen = named
        } else {
            let owner = files.path(at: Int(chosen.file))
            for other in same.dropFirst() where other.file != chosen.file {
                report.add(
                    .init(
                        file: files.path(at: Int(other.file)),
                        key: key,
                        message: "\(owner) holds \(key) already",
                        isDuplicate: true
                    )
                )
            }
        }
        report.addFile(files.path(at: Int(chosen.file)))
        jobs.append(chosen)
    }

    private func areEqual(_ left: Job, _ right: Job) -> Bool {
        keys.withUnsafeBytes {
            Self.key(left, $0).compared(to: Self.key(right, $0)) == 0
        }
    }

    private mutating func attach(_ sidecars: SidecarFiles, _ files: ModelFiles) {
        guard !sidecars.isEmpty else { return }
        var used: Set<Int> = []
        files.paths.withUnsafeBytes { paths in
            for index in jobs.indices {
                let path = Self.path(files.entries[Int(jobs[index].file)], paths)
                guard let sidecar = sidecars.find(FileKind.stem(path)) else { continue }
                jobs[index].sidecar = Int32(truncatingIfNeeded: sidecar)
                used.insert(sidecar)
            }
        }
        for file in sidecars.all where !used.contains(file) {
            report.addIgnored(files.path(at: file))
        }
        report.ignored.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// Finds the metadata file beside a model by their common stem.
private struct SidecarFiles {
    private var byStem: [[UInt8]: Int] = [:]

    var isEmpty: Bool { byStem.isEmpty }
    var all: [Int] { byStem.values.sorted() }

    mutating func add(_ file: Int, _ path: UnsafeRawBufferPointer) {
        byStem[Array(path.dropLast(FileKind.sidecarSuffix.count))] = file
    }

    func find(_ stem: UnsafeRawBufferPointer) -> Int? { byStem[Array(stem)] }
}

extension ImportJobs {
    /// The files that overrides and the fallback name.
    private static func overrides(
        _ files: ModelFiles,
        _ request: ImportRequest
    ) throws -> (keys: [SeriesKey: Int], files: Set<Int>) {
        var wanted = request.overrides
        if let fallback = request.fallback { wanted[SeriesKey.fallbackModel] = fallback }
        guard !wanted.isEmpty else { return ([:], []) }
        var places: [String: [Int]] = [:]
        let names = Set(wanted.values)
        for index in 0..<files.count {
            let path = files.path(at: index)
            if names.contains(path) {
                places[path, default: []].insert(index, at: 0)
            } else if let name = path.split(separator: "/").last, names.contains(String(name)) {
                places[String(name), default: []].append(index)
            }
        }
        var keys: [SeriesKey: Int] = [:]
        for (key, name) in wanted {
            guard let file = places[name]?.first else {
                throw FleetError(
                    .invalidArgument,
                    "\(files.name) holds no file \(name) for "
                        + (key == SeriesKey.fallbackModel ? "the fallback model" : "\(key)"),
                    hint: "name a file by its path inside the folder or archive"
                )
            }
            keys[key] = file
        }
        return (keys, Set(keys.values))
    }
}
