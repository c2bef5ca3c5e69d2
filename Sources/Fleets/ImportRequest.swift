package import Core

/// What to import from a folder or archive, and how.
package struct ImportRequest: Sendable {
    /// How file names give the key.
    package var pattern: KeyPattern
    /// Files that hold the models of keys whatever their names say: a path, or a file name.
    package var overrides: [SeriesKey: String] = [:]
    /// The file of the model that scores keys without one.
    package var fallback: String?
    /// What is said of every model, and of those of single keys.
    package var metadata: ImportMetadata?
    package var keyMetadata: [SeriesKey: ImportMetadata] = [:]
    /// Whether models that the files lack stay in the fleet.
    package var merges = false
    /// Keys of the data at hand, to choose between several readings of a file name.
    package var knownKeys: Set<SeriesKey> = []

    package init(pattern: KeyPattern) {
        self.pattern = pattern
    }
}
