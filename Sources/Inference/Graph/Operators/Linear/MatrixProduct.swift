/// Products of row-major matrices, the same on every processor.
enum MatrixProduct {
    /// Adds the product of two matrices to a third, four rows of the second at a time.
    ///
    /// Shape: left is rows x inner, right is inner x columns, target is rows x columns.
    @inline(__always)
    static func add<T>(
        _ left: UnsafePointer<T>,
        _ right: UnsafePointer<T>,
        to target: UnsafeMutablePointer<T>,
        rows: Int,
        inner: Int,
        columns: Int,
        multiplyAdd: (T, T, T) -> T
    ) {
        for row in 0..<rows {
            let a = left + row * inner
            let c = target + row * columns
            var k = 0
            while k + 4 <= inner {
                let (a0, a1, a2, a3) = (a[k], a[k + 1], a[k + 2], a[k + 3])
                let b0 = right + k * columns
                let (b1, b2, b3) = (b0 + columns, b0 + 2 * columns, b0 + 3 * columns)
                for column in 0..<columns {
                    var sum = multiplyAdd(c[column], a0, b0[column])
                    sum = multiplyAdd(sum, a1, b1[column])
                    sum = multiplyAdd(sum, a2, b2[column])
                    c[column] = multiplyAdd(sum, a3, b3[column])
                }
                k += 4
            }
            while k < inner {
                let b = right + k * columns
                for column in 0..<columns { c[column] = multiplyAdd(c[column], a[k], b[column]) }
                k += 1
            }
        }
    }

    /// A product for each batch; the positions are those of the matrices' first elements.
    @inline(__always)
    static func batches<T>(
        _ left: [T],
        _ right: [T],
        _ plan: MatrixBatches,
        zero: T,
        multiplyAdd: (T, T, T) -> T
    ) -> [T] {
        var results = [T](repeating: zero, count: plan.count)
        guard plan.count > 0, plan.inner > 0 else { return results }
        let size = plan.rows * plan.columns
        results.withUnsafeMutableBufferPointer { target in
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    guard let c = target.baseAddress, let a = left.baseAddress,
                        let b = right.baseAddress
                    else { return }
                    for (index, start) in plan.starts.enumerated() {
                        add(
                            a + start.left,
                            b + start.right,
                            to: c + index * size,
                            rows: plan.rows,
                            inner: plan.inner,
                            columns: plan.columns,
                            multiplyAdd: multiplyAdd
                        )
                    }
                }
            }
        }
        return results
    }
}

/// The sizes of a product of stacks of matrices, and where each matrix starts.
struct MatrixBatches {
    let rows: Int
    let inner: Int
    let columns: Int
    /// Elements of all results.
    let count: Int
    let starts: [(left: Int, right: Int)]
}
