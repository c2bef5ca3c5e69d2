internal import Core

/// The rules for keys, the same for every driver.
package enum BlobKey {
    /// Bytes of a key at most.
    package static let byteCountMax = 1024
    /// Bytes of one component at most: the limit of common file systems.
    package static let componentByteCountMax = 255
    /// The first component that drivers keep for unfinished objects.
    package static let reserved = ".incoming"

    /// - Throws: ``FleetError`` `.invalidArgument` naming the key.
    package static func validate(_ key: String) throws {
        if let problem = problem(of: key) {
            throw FleetError(
                .invalidArgument,
                "cannot use blob key \(quoted(key)): \(problem)"
            )
        }
    }

    /// The folder a prefix lies in, empty for the root.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when its folder part is no valid key.
    package static func folder(ofPrefix prefix: String) throws -> String {
        guard let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        let folder = String(prefix[..<slash])
        if let problem = problem(of: folder) {
            throw FleetError(
                .invalidArgument,
                "cannot list blob prefix \(quoted(prefix)): \(problem)"
            )
        }
        return folder
    }

    private static func problem(of key: String) -> String? {
        let bytes = key.utf8
        if bytes.count > byteCountMax { return "it is longer than \(byteCountMax) bytes" }
        if bytes.contains(0) { return "it holds a zero byte" }
        let components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for component in components {
            if component.isEmpty { return "a component is empty" }
            if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
                return "a component is . or .."
            }
            if component.count > componentByteCountMax {
                return "a component is longer than \(componentByteCountMax) bytes"
            }
        }
        if components.first?.elementsEqual(reserved.utf8) == true {
            return "\(reserved) is kept for unfinished objects"
        }
        return nil
    }

    private static func quoted(_ key: String) -> String {
        key.utf8.count <= 200 ? "\"\(key)\"" : "\"\(key.prefix(100))…\""
    }
}

extension Sequence<BlobInfo> {
    /// These objects, ascending bytewise by key.
    func sortedByKey() -> [BlobInfo] {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
