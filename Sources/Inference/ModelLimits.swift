/// The bounds of one model; everything beyond is refused when encoding and when opening.
public enum ModelLimits {
    public static let featureCountMax = 100_000
    public static let stepCountMax = 64
    public static let supportVectorCountMax = 10_000_000
    public static let degreeMax = 1_000
    /// Bytes of one encoded model.
    public static let byteCountMax = 8 << 30
}
