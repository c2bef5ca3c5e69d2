/// A pickled model and where its numbers are, as make_templates.py wrote it.
struct Template {
    /// What an array of the model is.
    enum Kind: UInt32 {
        case supportVectors = 0
        case coefficients = 1
        case intercept = 2
        case offset = 3
    }

    struct Place {
        let offset: Int
        let count: Int
        let kind: Kind
    }

    let pickle: [UInt8]
    let places: [Place]
    /// Shape: `[rowCount, featureCount]`.
    let rows: [Double]
}

/// The templates of a file.
struct TemplateFile {
    private(set) var templates: [Template] = []
    let featureCount: Int

    /// Reads a file.
    ///
    /// - Throws: ``ToolError`` when it is no such file or not whole.
    init(_ bytes: [UInt8]) throws {
        var reader = Reader(bytes: bytes)
        guard try reader.take(8) == Array("FSTPL1\0\0".utf8) else {
            throw ToolError("the templates are not a file of make_templates.py")
        }
        let count = try reader.integer()
        featureCount = try reader.integer()
        let rowCount = try reader.integer()
        guard count > 0, featureCount > 0, rowCount > 0 else {
            throw ToolError("the templates are empty")
        }
        for _ in 0..<count {
            let size = try reader.integer()
            let places = try (0..<reader.integer()).map { _ in
                let offset = try reader.integer()
                let count = try reader.integer()
                guard let kind = Template.Kind(rawValue: UInt32(try reader.integer())),
                    offset + count * 8 <= size
                else { throw ToolError("a template has a wrong place") }
                return Template.Place(offset: offset, count: count, kind: kind)
            }
            let rows = try reader.doubles(rowCount * featureCount)
            templates.append(
                Template(pickle: try reader.take(size), places: places, rows: rows)
            )
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        mutating func take(_ count: Int) throws -> [UInt8] {
            guard count <= bytes.count - offset else {
                throw ToolError("the templates end too early")
            }
            defer { offset += count }
            return Array(bytes[offset..<(offset + count)])
        }

        mutating func integer() throws -> Int {
            try take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        mutating func doubles(_ count: Int) throws -> [Double] {
            try take(count * 8).withUnsafeBytes { raw in
                (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
            }
        }
    }
}

/// Why the tool stops.
struct ToolError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
