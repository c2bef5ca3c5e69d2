// Makes a fleet of many one-class SVMs as pickles in a tar archive, and a window of features each.
//
//   make-fleet --templates FILE --models N --out FOLDER [--sensors 4] [--windows 1]
//
// Writes FOLDER/models.tar with files model_d0000000_s0.pkl, ordered by key, and
// FOLDER/features.csv: device,sensor,window_start,window_end,f0,f1,…
import Foundation

func value(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
        return nil
    }
    return arguments[index + 1]
}

/// A file that is written in large pieces.
struct Output {
    private let handle: FileHandle
    var buffer: [UInt8] = []

    init(_ url: URL) throws {
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
            throw ToolError("\(url.path) cannot be written")
        }
        handle = try FileHandle(forWritingTo: url)
        buffer.reserveCapacity(9 << 20)
    }

    mutating func flush(above limit: Int) throws {
        guard buffer.count > limit else { return }
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

func run() throws {
    guard let path = value("--templates"), let models = value("--models").flatMap({ Int($0) }),
        let folder = value("--out"), models > 0
    else {
        throw ToolError("usage: make-fleet --templates FILE --models N --out FOLDER [--sensors 4]")
    }
    let sensors = max(1, value("--sensors").flatMap { Int($0) } ?? 4)
    let windows = max(1, value("--windows").flatMap { Int($0) } ?? 1)
    let file = try TemplateFile([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    let width = file.featureCount
    let out = URL(fileURLWithPath: folder)
    try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
    var archive = try Output(out.appendingPathComponent("models.tar"))
    var features = try Output(out.appendingPathComponent("features.csv"))
    let names = (0..<width).map { "f\($0)" }.joined(separator: ",")
    features.buffer += Array("device,sensor,window_start,window_end,\(names)\n".utf8)
    let digits = String(sensors - 1).utf8.count
    for model in 0..<models {
        let device = "d" + padded(model / sensors, 7)
        let sensor = "s" + padded(model % sensors, digits)
        let template = file.templates[model % file.templates.count]
        let variant = Variant(index: model)
        TarEntry.append(
            name: "model_\(device)_\(sensor).pkl",
            byteCount: template.pickle.count,
            to: &archive.buffer
        )
        variant.append(template, to: &archive.buffer)
        TarEntry.pad(&archive.buffer)
        try archive.flush(above: 8 << 20)
        for window in 0..<windows {
            let hour = padded(window % 24, 2)
            let row = (model + window) * width % template.rows.count
            var line = "\(device),\(sensor),2026-01-01T\(hour):00:00Z,2026-01-01T\(hour):59:59Z"
            for column in 0..<width { line += ",\(template.rows[row + column] + variant.shift)" }
            features.buffer += Array(line.utf8)
            features.buffer.append(0x0A)
        }
        try features.flush(above: 8 << 20)
    }
    archive.buffer += [UInt8](repeating: 0, count: 2 * TarEntry.blockByteCount)
    try archive.flush(above: 0)
    try features.flush(above: 0)
    print("\(models) models, \(width) features, \(windows) windows each in \(folder)")
}

do {
    try run()
} catch {
    FileHandle.standardError.write(Data("make-fleet: \(error)\n".utf8))
    exit(2)
}
