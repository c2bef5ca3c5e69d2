#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The volume under a density kernel.
enum KernelVolume {
    /// Minus the logarithm of the volume.
    ///
    /// - Source: scikit-learn, neighbors/_binary_tree.pxi.tp, _log_kernel_norm.
    static func logarithm(_ kernel: KernelDensity.Kernel, _ h: Double, _ columns: Int) -> Double {
        let d = Double(columns)
        let factor =
            switch kernel {
            case .gaussian: 0.5 * d * log(2 * Double.pi)
            case .tophat: ball(d)
            case .epanechnikov: ball(d) + log(2 / (d + 2))
            case .exponential: sphere(d - 1) + logGamma(d)
            case .linear: ball(d) - log(d + 1)
            case .cosine: log(cosine(columns)) + sphere(d - 1)
            }
        return -factor - d * log(h)
    }

    private static func cosine(_ columns: Int) -> Double {
        var factor = 0.0
        var term = 2 / Double.pi
        for k in stride(from: 1, through: columns, by: 2) {
            factor += term
            term *= -Double((columns - k) * (columns - k - 1)) * (2 / Double.pi) * (2 / Double.pi)
        }
        return factor
    }

    /// The logarithm of the volume of the unit ball.
    private static func ball(_ n: Double) -> Double {
        0.5 * n * log(Double.pi) - logGamma(0.5 * n + 1)
    }

    /// The logarithm of the surface of the unit sphere.
    private static func sphere(_ n: Double) -> Double {
        log(2 * Double.pi) + ball(n - 1)
    }

    private static func logGamma(_ x: Double) -> Double { lgamma(x).0 }
}
