/// A Python value that is written as a pickle, for estimators that no scikit-learn here writes.
indirect enum TreePickle {
    case none
    case int(Int)
    case double(Double)
    case text(String)
    case list([TreePickle])
    case tuple([TreePickle])
    case dict([(String, TreePickle)])
    /// An instance: module, class, arguments and attributes.
    case object(String, String, [TreePickle], [(String, TreePickle)])
    /// A numpy array of float64.
    case doubles([Double], shape: [Int])
    /// A numpy array of objects.
    case objects([TreePickle], shape: [Int])
    /// A numpy array of records of float64.
    case records([(String, [Double])])

    /// The whole file, protocol 2.
    var file: [UInt8] { [0x80, 2] + bytes + [0x2E] }

    private var bytes: [UInt8] {
        switch self {
        case .none: [0x4E]
        case .int(let value): Array("I\(value)\n".utf8)
        case .double(let value): Array("F\(value)\n".utf8)
        case .text(let text):
            [0x58] + Self.little(UInt32(text.utf8.count)) + Array(text.utf8)
        case .list(let items): [0x5D, 0x28] + items.flatMap(\.bytes) + [0x65]
        case .tuple(let items): [0x28] + items.flatMap(\.bytes) + [0x74]
        case .dict(let pairs):
            [0x7D, 0x28] + pairs.flatMap { Self.text($0.0).bytes + $0.1.bytes } + [0x75]
        case .object(let module, let name, let arguments, let attributes):
            Self.global(module, name) + Self.tuple(arguments).bytes + [0x81]
                + Self.dict(attributes).bytes + [0x62]
        case .doubles(let values, let shape):
            Self.array(shape, Self.dtype("f8"), Self.data(values.map(\.bitPattern)))
        case .objects(let values, let shape):
            Self.array(shape, Self.dtype("O8"), Self.list(values).bytes)
        case .records(let fields): Self.records(fields)
        }
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }

    /// BINBYTES is protocol 3; older files have texts, which numpy encodes.
    private static func data(_ values: [UInt64]) -> [UInt8] {
        let bytes = values.flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return [0x42] + little(UInt32(bytes.count)) + bytes
    }

    private static func dtype(_ name: String) -> [UInt8] {
        global("numpy", "dtype") + tuple([.text(name), .int(0), .int(1)]).bytes + [0x52]
            + tuple([.int(3), .text("<"), .none, .none, .none, .int(-1), .int(-1), .int(0)]).bytes
            + [0x62]
    }

    private static func array(_ shape: [Int], _ dtype: [UInt8], _ data: [UInt8]) -> [UInt8] {
        let state =
            [0x28] + int(1).bytes + tuple(shape.map { .int($0) }).bytes + dtype + int(0).bytes
            + data + [0x74]
        return global("numpy.core.multiarray", "_reconstruct")
            + [0x28] + global("numpy", "ndarray") + tuple([.int(0)]).bytes + text("b").bytes
            + [0x74, 0x52] + state + [0x62]
    }

    private static func records(_ fields: [(String, [Double])]) -> [UInt8] {
        let count = fields.first?.1.count ?? 0
        let size = 8 * fields.count
        var places: [UInt8] = [0x7D, 0x28]
        for (index, field) in fields.enumerated() {
            places += text(field.0).bytes + [0x28] + dtype("f8") + int(8 * index).bytes + [0x74]
        }
        places += [0x75]
        let dtype =
            global("numpy", "dtype") + tuple([.text("V\(size)"), .int(0), .int(1)]).bytes + [0x52]
            + [0x28] + int(3).bytes + text("|").bytes + none.bytes
            + tuple(fields.map { .text($0.0) }).bytes + places
            + [size, 1, 0].flatMap { int($0).bytes } + [0x74, 0x62]
        let values = (0..<count).flatMap { row in fields.map { $0.1[row].bitPattern } }
        return array([count], dtype, data(values))
    }
}

/// Estimators with small trees.
enum TreeSamples {
    /// A tree with one question and two leaves.
    static func tree(
        _ name: String = "DecisionTreeRegressor",
        module: String = "sklearn.tree.tree",
        version: String = "0.19.2",
        features: Int = 2,
        outputs: Int = 1,
        left: [Double] = [1, -1, -1],
        right: [Double] = [2, -1, -1],
        feature: [Double] = [1, -2, -2],
        threshold: [Double] = [0.5, -2, -2],
        values: [Double] = [0, 10, 20],
        samples: [Double] = [8, 5, 3],
        more: [(String, TreePickle)] = []
    ) -> TreePickle {
        let nodes = TreePickle.records([
            ("left_child", left), ("right_child", right), ("feature", feature),
            ("threshold", threshold), ("n_node_samples", samples),
        ])
        let width = values.count / left.count
        let tree = TreePickle.object(
            "sklearn.tree._tree",
            "Tree",
            [.int(features), .doubles([Double(width)], shape: [1]), .int(outputs)],
            [
                ("max_depth", .int(1)), ("node_count", .int(left.count)), ("nodes", nodes),
                ("values", .doubles(values, shape: [left.count, 1, width])),
            ]
        )
        return .object(
            module,
            name,
            [],
            [("tree_", tree), ("_sklearn_version", .text(version))] + more
        )
    }
}
