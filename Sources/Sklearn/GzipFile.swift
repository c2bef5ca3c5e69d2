/// Inflates gzip and zlib files, such as archives of models.
public enum GzipFile {
    /// The inflated bytes, at most so many.
    ///
    /// - Throws: ``SklearnError`` `.limit` when there are more, `.malformed` or `.truncated` when
    ///   the file is damaged.
    public static func inflate(
        _ bytes: UnsafeRawBufferPointer,
        byteCountMax: Int
    ) throws(SklearnError) -> [UInt8] {
        try Decompression.unpack(bytes, .deflated, limit: byteCountMax)
    }
}
