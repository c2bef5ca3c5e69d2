internal import CVector

/// Memory for the kernels of `CVectorDense.h`, beyond what they keep on their own stack.
enum LinearScratch {
    /// Calls a kernel with room for so many vectors of eight; none when its stack is enough.
    static func with(_ vectors: Int, _ body: (UnsafeMutablePointer<Double>?) -> Void) {
        guard vectors > Int(CVECTOR_DENSE_LOCAL) else { return body(nil) }
        let lanes = MemoryLayout<Double>.stride * Int(CVECTOR_LANES)
        withUnsafeTemporaryAllocation(byteCount: vectors * lanes, alignment: lanes) { memory in
            body(memory.baseAddress?.assumingMemoryBound(to: Double.self))
        }
    }

    /// The dot product from column 0 on, fused like the kernels and like most BLAS libraries.
    static func dot(_ left: some Sequence<Double>, _ right: some Sequence<Double>) -> Double {
        zip(left, right).reduce(0.0) { $0.addingProduct($1.0, $1.1) }
    }
}
