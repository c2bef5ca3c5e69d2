/// The bounds of one model; everything beyond is refused when encoding and when opening.
public enum ModelLimits {
    public static let featureCountMax = 100_000
    public static let stageCountMax = 64
    /// How deep stages nest inside stages (a column transformer in a column transformer).
    public static let stageDepthMax = 8
    public static let supportVectorCountMax = 10_000_000
    public static let degreeMax = 1_000
    public static let labelCountMax = 100_000
    /// Bytes of one encoded model.
    public static let byteCountMax = 8 << 30
}
