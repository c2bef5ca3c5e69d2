import Inference

/// Compares tensors as the standard's own tests do.
enum Closeness {
    static let relative = 1e-3
    static let absolute = 1e-7

    /// What differs first, or nil.
    static func difference(_ result: Tensor, _ expected: Tensor) -> String? {
        guard result.type == expected.type else {
            return "type \(result.type.name), not \(expected.type.name)"
        }
        guard result.shape == expected.shape else {
            return "shape \(result.shape), not \(expected.shape)"
        }
        switch result.type {
        case .float, .double, .float16, .bfloat16:
            guard let left = try? result.doubles(), let right = try? expected.doubles() else {
                return "no numbers"
            }
            for (index, (a, b)) in zip(left, right).enumerated() where !isClose(a, b) {
                return "element \(index) is \(a), not \(b)"
            }
            return nil
        default:
            return result.storage == expected.storage ? nil : "the elements differ"
        }
    }

    private static func isClose(_ a: Double, _ b: Double) -> Bool {
        if a == b || (a.isNaN && b.isNaN) { return true }
        return (a - b).magnitude <= absolute + relative * b.magnitude
    }
}
