/// One model of the fleet: a template moved to another place and stretched.
///
/// Moving support vectors and rows together leaves the decisions as they are, and a factor of the
/// coefficients and the intercept their signs, so every variant is as sound as its template.
struct Variant {
    let shift: Double
    let factor: Double

    init(index: Int) {
        // Sums of few bits, so that the moved numbers differ by no more than a rounding.
        shift = Double(index % 4_096) / 16
        factor = 1 + Double(index / 4_096 % 1_024) / 1_024
    }

    /// Writes the template's pickle with the variant's numbers at the end of a buffer.
    func append(_ template: Template, to buffer: inout [UInt8]) {
        let start = buffer.count
        buffer += template.pickle
        buffer.withUnsafeMutableBytes { raw in
            for place in template.places {
                for index in 0..<place.count {
                    let at = start + place.offset + index * 8
                    var value = raw.loadUnaligned(fromByteOffset: at, as: Double.self)
                    switch place.kind {
                    case .supportVectors: value += shift
                    case .coefficients, .intercept, .offset: value *= factor
                    }
                    raw.storeBytes(of: value, toByteOffset: at, as: Double.self)
                }
            }
        }
    }
}
