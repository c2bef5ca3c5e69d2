import Core

/// A window definition as `fleetscore.yaml` declares it.
package struct WindowSetting: Sendable, Equatable {
    package let name: String
    package let size: Duration
    package let allowedLateness: Duration
    /// The text of `where`: which readings count; nil for all.
    package let filter: String?

    package static let sizeRange: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 86_400)
    package static let latenessRange: ClosedRange<Duration> = .zero ... .seconds(7 * 86_400)
    package static let defaultLateness = Duration.seconds(30)
    package static let countMax = 32
    package static let filterByteCountMax = 1024

    package init(name: String, size: Duration, allowedLateness: Duration, filter: String?) {
        self.name = name
        self.size = size
        self.allowedLateness = allowedLateness
        self.filter = filter
    }
}

/// The window definitions of `fleetscore.yaml`.
package enum WindowSettings {
    /// Reads the window definitions only.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when anything in the document is wrong.
    package static func parse(yaml: String, file: String) throws -> [WindowSetting] {
        try ServerDocument.parse(yaml: yaml, file: file).windows
    }
}

extension MappingReader {
    /// The `windows` list of `fleetscore.yaml`.
    func windowSettings() -> [WindowSetting] {
        guard let nodes = list("windows") else { return [] }
        if nodes.count > WindowSetting.countMax {
            report(
                "windows",
                "has \(nodes.count) entries; at most \(WindowSetting.countMax)"
            )
            return []
        }
        var settings: [WindowSetting] = []
        for (index, node) in nodes.enumerated() {
            let keys = ["name", "size", "allowed_lateness", "where"]
            guard
                let mapping = reader.mapping(
                    node,
                    path: "\(path("windows"))[\(index)]",
                    allowed: keys
                )
            else { continue }
            guard let setting = mapping.windowSetting() else { continue }
            if settings.contains(where: { $0.name == setting.name }) {
                mapping.report("name", "\"\(setting.name)\" is given twice")
            }
            settings.append(setting)
        }
        return settings
    }

    private func windowSetting() -> WindowSetting? {
        let name = read("name", required: true, Scalar.name)
        let size = read("size", required: true) { text throws(ScalarProblem) in
            try Scalar.duration(text, in: WindowSetting.sizeRange)
        }
        let lateness = read("allowed_lateness") { text throws(ScalarProblem) in
            try Scalar.duration(text, in: WindowSetting.latenessRange)
        }
        let filter = read("where") { text throws(ScalarProblem) in
            guard text.utf8.count <= WindowSetting.filterByteCountMax else {
                throw ScalarProblem(
                    "has \(text.utf8.count) bytes; at most \(WindowSetting.filterByteCountMax)"
                )
            }
            return text
        }
        guard let name, let size else { return nil }
        return WindowSetting(
            name: name,
            size: size,
            allowedLateness: lateness ?? WindowSetting.defaultLateness,
            filter: filter
        )
    }
}
