/// An input or output of a graph: its name, and the type and shape the file declares.
public struct GraphPort: Sendable, Equatable {
    public var name: String
    /// Nil for what is no tensor, and where the file says nothing.
    public var type: ElementType?
    /// Nil where the file says nothing; a size of -1 is open.
    public var shape: [Int]?
    /// The value's number in the program.
    public internal(set) var value = -1

    public init(name: String, type: ElementType? = nil, shape: [Int]? = nil) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}
