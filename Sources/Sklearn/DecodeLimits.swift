/// How much one file may ask for before it is refused.
struct DecodeLimits: Sendable {
    /// Units: bytes of the file as it is stored.
    var inputBytes = 256 << 20
    /// Units: bytes after decompression.
    var inflatedBytes = 256 << 20
    /// Pickle values and container entries.
    var valueCount = 1_000_000
    /// Entries of the memo, which is also the largest index.
    var memoCount = 1_000_000
    /// Values on the stack at once.
    var stackDepth = 1_000_000
    /// Open marks at once: how deep unfinished containers may nest.
    var markDepth = 10_000
    /// Steps of a pipeline, nested ones included.
    var stepCount = 64
    /// How deep pipelines may nest.
    var pipelineDepth = 8
    /// Attributes of one estimator.
    var attributeCount = 1_000
    /// Numbers of the decoded model.
    var numberCount = 1 << 25
    /// Feature names of the decoded model.
    var nameCount = 100_000
    /// Units: bytes of a `module.name`.
    var globalNameBytes = 512
}
