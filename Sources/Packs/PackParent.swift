/// A lower layer as the layers above it name it.
package struct PackParent: Sendable, Hashable {
    /// The lower layer's own digest, ``PackLayer/digest``.
    package let digest: PackDigest
    /// Where it was when it was built upon: its key in blob storage.
    package let location: String

    package init(digest: PackDigest, location: String) {
        self.digest = digest
        self.location = location
    }

    /// Bytes of a location.
    static let locationByteCountMax = 1024
    /// Layers of one pack; more could not be told apart in the index over them.
    package static let layerCountMax = 16
}
