import Core

/// Quantiles of a window as a JSON object, such as `{"p50":1.5,"p95":null}`.
enum QuantileText {
    /// The name of a point in the object: `p95` for 0.95.
    static func name(of point: Double) -> String {
        Aggregate.quantile(point)?.rawValue ?? "q\(point)"
    }

    /// The point of a name; nil for a name that ``name(of:)`` does not give.
    static func point(of name: some StringProtocol) -> Double? {
        name.hasPrefix("q") ? Double(name.dropFirst()) : Aggregate(rawValue: String(name))?.quantile
    }

    /// Appends the object; NaN is null, an infinity the out-of-range number that reads as one.
    static func append(_ values: ArraySlice<Double>, keys: [[UInt8]], to text: inout [UInt8]) {
        for (value, key) in zip(values, keys) {
            text.append(contentsOf: key)
            if value.isNaN {
                text.append(contentsOf: "null".utf8)
            } else if value.isInfinite {
                text.append(contentsOf: (value > 0 ? "9e999" : "-9e999").utf8)
            } else {
                text.append(contentsOf: value.description.utf8)
            }
        }
        if !keys.isEmpty { text.append(UInt8(ascii: "}")) }
    }

    /// What goes before each value: `{"p50":`, then `,"p95":`.
    static func keys(of points: [Double]) -> [[UInt8]] {
        points.enumerated().map { index, point in
            Array("\(index == 0 ? "{" : ",")\"\(name(of: point))\":".utf8)
        }
    }

    /// The points and values of ``append(_:keys:to:)``; what is not readable is left out.
    static func read(_ text: String) -> [(point: Double, value: Double)] {
        text.dropFirst().dropLast().split(separator: ",").compactMap { part in
            let sides = part.split(separator: ":")
            guard sides.count == 2, let point = point(of: sides[0].dropFirst().dropLast()) else {
                return nil
            }
            return (point, Double(sides[1]) ?? .nan)
        }
    }
}
