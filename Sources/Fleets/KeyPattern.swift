public import Core

/// A file-name pattern that says which model key a file holds, such as `model_{device}_{sensor}`.
///
/// Parts of a name may be percent-encoded. A pattern without `{device}` gives every model the
/// default device, as wide tables without a device column have it. A name can fit in several
/// ways (`model_a_b_c`); the caller prefers a key it knows, else the longest device wins.
public struct KeyPattern: Sendable, Equatable, CustomStringConvertible {
    enum Piece: Equatable {
        case text([UInt8])
        case device
        case sensor
    }

    public let description: String
    let pieces: [Piece]
    private let defaultDevice: String
    /// The same, ready to be compared with bytes.
    let shape: Shape

    /// Parses a pattern.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when it names no part of a key, or one twice.
    public init(parsing text: String, defaultDevice: String = "device") throws {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(Array(rest[..<open].utf8))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw FleetError(.invalidArgument, "the key pattern \"\(text)\" has an open {")
            }
            let name = rest[rest.index(after: open)..<close]
            switch name {
            case "device": pieces.append(.device)
            case "sensor": pieces.append(.sensor)
            default:
                throw FleetError(
                    .invalidArgument,
                    "the key pattern \"\(text)\" names {\(name)}",
                    hint: "use {device} and {sensor}"
                )
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
        let devices = pieces.count { $0 == .device }
        let sensors = pieces.count { $0 == .sensor }
        guard devices <= 1, sensors <= 1, devices + sensors >= 1 else {
            throw FleetError(
                .invalidArgument,
                "the key pattern \"\(text)\" needs {device} or {sensor}, each once",
                hint: "write it as model_{device}_{sensor}, or model_{device} for device models"
            )
        }
        self.defaultDevice = defaultDevice
        self.description = text
        self.pieces = pieces
        shape = Shape(pieces, defaultDevice: defaultDevice)
    }

    /// Whether its models score single series, not whole devices.
    public var hasSensor: Bool { pieces.contains(.sensor) }

    /// Every key that a name (without its suffix) can mean, the longest device first.
    public func keys(in name: String) -> [SeriesKey] {
        var found: [SeriesKey] = []
        match(ArraySlice(pieces), ArraySlice(name.utf8), device: nil, sensor: nil, &found)
        return found.sorted { $0.device.utf8.count > $1.device.utf8.count }
    }

    private func match(
        _ pieces: ArraySlice<Piece>,
        _ rest: ArraySlice<UInt8>,
        device: String?,
        sensor: String?,
        _ found: inout [SeriesKey]
    ) {
        guard let piece = pieces.first else {
            guard rest.isEmpty else { return }
            let text = (device ?? defaultDevice) + (sensor.map { "/" + $0 } ?? "")
            do {
                found.append(try SeriesKey(parsing: text))
            } catch {
                // A split that gives no valid key is not what the name means.
            }
            return
        }
        let others = pieces.dropFirst()
        if case .text(let text) = piece {
            guard rest.starts(with: text) else { return }
            match(others, rest.dropFirst(text.count), device: device, sensor: sensor, &found)
            return
        }
        guard !rest.isEmpty else { return }
        let ends = others.isEmpty ? [rest.endIndex] : Array((rest.startIndex + 1)...rest.endIndex)
        for end in ends {
            guard let value = rest[rest.startIndex..<end].percentDecoded() else { continue }
            let isDevice = piece == .device
            match(
                others,
                rest[end...],
                device: isDevice ? value : device,
                sensor: isDevice ? sensor : value,
                &found
            )
        }
    }
}
