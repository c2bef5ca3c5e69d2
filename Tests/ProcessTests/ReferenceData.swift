import FoundationEssentials

/// The published reference data: a CSV of readings and a model a series.
enum ReferenceData {
    /// `$FLEETSCORE_SHARED/data/reference`, else `../shared/data/reference` beside the repository.
    static let folder: String = {
        if let shared = ProcessInfo.processInfo.environment["FLEETSCORE_SHARED"] {
            return shared + "/data/reference"
        }
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(4).joined(separator: "/") + "/shared/data/reference"
    }()

    static var readings: String { folder + "/sensor_data.csv" }
    static var models: String { folder + "/models" }
    static var isThere: Bool { FileManager.default.fileExists(atPath: readings) }
    static let rowCount = 17_768

    static let absence = """
        the reference data is absent: set FLEETSCORE_SHARED to the folder that holds data/reference
        """

    /// The bytes of one of its models.
    static func model(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(models)/\(name)")))
    }

    /// The names of its models.
    static func modelNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: models).sorted()
    }

    /// One line of the readings.
    struct Row {
        let time: Substring
        let device: Substring
        let sensor: Substring
        let value: Substring
    }

    static func rows() throws -> [Row] {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: readings))
        let text = String(decoding: bytes, as: UTF8.self)
        return try text.split(whereSeparator: \.isNewline).dropFirst().map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == 4 else { throw ProcessProblem("no reading: \(line)") }
            return Row(time: cells[0], device: cells[1], sensor: cells[2], value: cells[3])
        }
    }
}
