/// A file that may hold a model: its path inside the folder or archive, and its bytes.
package struct ModelFile: Sendable {
    package let path: String
    package let bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    /// The last path component.
    package var fileName: String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The file name without a model suffix (`.pkl`, `.joblib`, `.onnx`), which patterns match.
    package var stem: String {
        var name = fileName
        return name.withUTF8 {
            String(decoding: FileKind.stem(UnsafeRawBufferPointer($0)), as: UTF8.self)
        }
    }
}
