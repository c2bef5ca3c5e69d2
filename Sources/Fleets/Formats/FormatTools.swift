package import Sklearn

/// What decoders keep from file to file, so that the next one needs no memory of its own.
///
/// - Concurrency: one worker.
package struct FormatTools: ~Copyable {
    package var pickles = SklearnReader()

    package init() {}
}
