/// Class probabilities out of the decisions of all pairs of classes.
enum SVMCoupling {
    /// Probabilities that fit the pairwise ones best.
    ///
    /// - Source: LIBSVM, svm.cpp, sigmoid_predict and multiclass_probability.
    static func probabilities(
        _ decisions: [Double],
        _ a: [Double],
        _ b: [Double],
        _ count: Int
    ) -> [Double] {
        var pairwise = [Double](repeating: 0, count: count * count)
        var index = 0
        for i in 0..<count {
            for j in i + 1..<max(i + 1, count) {
                let value = 1 - (decisions[index] * a[index] + b[index]).logistic()
                let clipped = min(max(value, 1e-7), 1 - 1e-7)
                pairwise[i * count + j] = clipped
                pairwise[j * count + i] = 1 - clipped
                index += 1
            }
        }
        return coupled(pairwise, count)
    }

    private static func coupled(_ r: [Double], _ count: Int) -> [Double] {
        var q = [Double](repeating: 0, count: count * count)
        for t in 0..<count {
            for j in 0..<count where j != t {
                q[t * count + t] += r[j * count + t] * r[j * count + t]
                q[t * count + j] = -r[j * count + t] * r[t * count + j]
            }
        }
        var p = [Double](repeating: 1 / Double(count), count: count)
        let precision = 0.005 / Double(count)
        for _ in 0..<max(100, count) {
            var product = (0..<count).map { t in
                (0..<count).reduce(0.0) { $0 + q[t * count + $1] * p[$1] }
            }
            var total = (0..<count).reduce(0.0) { $0 + p[$1] * product[$1] }
            if product.allSatisfy({ ($0 - total).magnitude < precision }) { break }
            for t in 0..<count {
                let change = (total - product[t]) / q[t * count + t]
                p[t] += change
                total =
                    (total + change * (change * q[t * count + t] + 2 * product[t]))
                    / (1 + change) / (1 + change)
                for j in 0..<count {
                    product[j] = (product[j] + change * q[t * count + j]) / (1 + change)
                    p[j] /= 1 + change
                }
            }
        }
        return p
    }
}
