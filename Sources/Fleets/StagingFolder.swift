import Core
import Packs
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Where an import of one fleet keeps what it has decoded, until its version is stored.
///
/// `segment-N.pack` hold models of an import that was interrupted; everything else is left over.
///
/// - Concurrency: one import at a time, in any process.
package final class StagingFolder: Sendable {
    package let path: String
    /// The descriptor that holds the lock; -1 once it is released.
    private let lock: Mutex<Int32>
    /// Models of earlier imports, oldest first.
    let segments: [PackReader]

    /// Opens the folder of a fleet and removes what no import can use again.
    ///
    /// - Throws: ``FleetError`` `.conflict` when another import of the fleet runs.
    package init(_ root: String, fleet: String) throws {
        path = root + "/" + fleet
        try Folders.create(path)
        let file = path + "/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem.error(errno, "create", file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw FleetError(
                .conflict,
                "the fleet \(fleet) is being imported already",
                hint: "wait until that import has ended"
            )
        }
        do {
            segments = try Self.sweep(path)
        } catch {
            Self.unlock(descriptor)
            throw error
        }
        lock = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets the next import in; this one may not use the folder any more.
    ///
    /// Call it when the import is over: tasks that have ended may hold this object a little longer.
    package func release() {
        lock.withLock { descriptor in
            if descriptor >= 0 { Self.unlock(descriptor) }
            descriptor = -1
        }
    }

    /// Gives the lock back first: a process being started may share the descriptor for a moment.
    private static func unlock(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The path of the next segment, and of the pack that becomes the version.
    func segmentPath(_ number: Int) -> String { "\(path)/\(Self.prefix)\(number)\(Self.suffix)" }
    package var resultPath: String { path + "/result.pack" }

    /// A number that no segment of the folder has.
    var nextNumber: Int {
        let numbers = segments.compactMap { reader in
            reader.layers.first.flatMap { Self.number(of: $0.location) }
        }
        return (numbers.max() ?? 0) + 1
    }

    /// Removes all segments, once their models are in a version.
    package func clear() throws {
        try Self.forEachFile(path) { name in unlink(path + "/" + name) }
    }

    private static let prefix = "segment-"
    private static let suffix = ".pack"

    private static func number(of location: String) -> Int? {
        let name = location.split(separator: "/").last ?? ""
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    private static func forEachFile(_ path: String, _ body: (String) -> Void) throws {
        var names: [String] = []
        try Folders.forEach(in: path) { name, isFolder, _ in
            let name = String(decoding: name, as: UTF8.self)
            if !isFolder, name != "lock" { names.append(name) }
        }
        names.sort()
        for name in names { body(name) }
    }

    private static func sweep(_ path: String) throws -> [PackReader] {
        var found: [(number: Int, reader: PackReader)] = []
        try forEachFile(path) { name in
            let file = path + "/" + name
            if let number = number(of: name), let reader = segment(file) {
                found.append((number, reader))
            } else {
                unlink(file)
            }
        }
        return found.sorted { $0.number < $1.number }.map(\.reader)
    }

    /// A segment, nil when it is not whole.
    static func segment(_ path: String) -> PackReader? {
        do {
            let file = try MappedFile(path)
            return try PackReader(bytes: file.bytes, owner: file, name: path)
        } catch {
            // Its models are decoded again.
            return nil
        }
    }
}
