/// A Python value to be pickled, for models that no scikit-learn would save.
indirect enum PickledValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case list([PickledValue])
    case tuple([PickledValue])
    case dict([(String, PickledValue)])
    case global(String, String)
    case slice(PickledValue, PickledValue)
    /// float64, row-major.
    case array([Double], shape: [Int])
    case object(String, String, [(String, PickledValue)])
    /// Any instance with a state that is no dictionary.
    case stateful(String, String, PickledValue)
    /// A value that is remembered by a number, and that value again.
    case named(Int, PickledValue)
    case again(Int)

    /// An estimator of a package of scikit-learn, as version 1.9 saves it.
    static func estimator(
        _ module: String,
        _ name: String,
        _ attributes: [(String, PickledValue)]
    ) -> PickledValue {
        .object("sklearn.\(module)", name, attributes + [("_sklearn_version", .text("1.9.1"))])
    }

    static func vector(_ values: [Double]) -> PickledValue {
        .array(values, shape: [values.count])
    }

    /// A whole file.
    var file: [UInt8] { [0x80, 3] + bytes + [UInt8(ascii: ".")] }

    private var bytes: [UInt8] {
        switch self {
        case .none: code("N")
        case .bool(let flag): [flag ? 0x88 : 0x89]
        case .int(let value): code("I\(value)\n")
        case .float(let value): code("F\(value)\n")
        case .text(let text): code("X") + size(text.utf8.count) + Array(text.utf8)
        case .list(let items): code("(") + items.flatMap(\.bytes) + code("l")
        case .tuple(let items): code("(") + items.flatMap(\.bytes) + code("t")
        case .dict(let entries):
            code("(") + entries.flatMap { PickledValue.text($0.0).bytes + $0.1.bytes } + code("d")
        case .global(let module, let name): code("c\(module)\n\(name)\n")
        case .slice(let start, let end):
            code("cbuiltins\nslice\n") + PickledValue.tuple([start, end, .none]).bytes + code("R")
        case .array(let values, let shape): array(values, shape)
        case .object(let module, let name, let state):
            PickledValue.stateful(module, name, .dict(state)).bytes
        case .stateful(let module, let name, let state):
            code("c\(module)\n\(name)\n") + code(")") + [0x81] + state.bytes + code("b")
        case .named(let number, let value): value.bytes + code("p\(number)\n")
        case .again(let number): code("g\(number)\n")
        }
    }

    private func array(_ values: [Double], _ shape: [Int]) -> [UInt8] {
        let raw = values.flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        }
        return code("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\u{1}btR")
            + code("(I1\n") + PickledValue.tuple(shape.map { .int($0) }).bytes
            + code("cnumpy\ndtype\n(") + PickledValue.text("f8").bytes + code("I0\nI1\ntR")
            + code("(I3\n") + PickledValue.text("<").bytes + code("NNNI-1\nI-1\nI0\ntb")
            + [0x89] + code("B") + size(raw.count) + raw + code("tb")
    }

    private func code(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func size(_ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(count).littleEndian) { Array($0) }
    }
}
