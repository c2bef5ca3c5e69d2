/// A constant of a node.
public indirect enum GraphAttribute: Sendable, Equatable {
    case int(Int64)
    case float(Float)
    case string(String)
    case tensor(Tensor)
    case graph(GraphProgram)
    case ints([Int64])
    case floats([Float])
    case strings([String])

    /// What it is called in messages.
    var kind: String {
        switch self {
        case .int: "an integer"
        case .float: "a number"
        case .string: "a string"
        case .tensor: "a tensor"
        case .graph: "a graph"
        case .ints: "integers"
        case .floats: "numbers"
        case .strings: "strings"
        }
    }
}
