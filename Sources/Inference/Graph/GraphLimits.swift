/// The bounds of one graph and of one run; everything beyond is an error.
public struct GraphLimits: Sendable, Equatable {
    /// Elements of one tensor.
    public var elementCountMax = 64 << 20
    /// Elements of all tensors that are alive at one moment of a run.
    public var liveElementCountMax = 128 << 20
    /// Elementary steps of one run: elements produced, multiplications, loop passes.
    public var workMax = 1 << 36
    /// Nodes of a graph with all its sub-graphs.
    public var nodeCountMax = 1 << 20
    /// Graphs within graphs.
    public var depthMax = 8
    /// Dimensions of one tensor.
    public var rankMax = 32
    /// Bytes of one encoded graph.
    public var byteCountMax = 1 << 31

    /// Limits that no honest model meets.
    public init() {}

    public static let standard = GraphLimits()
}
