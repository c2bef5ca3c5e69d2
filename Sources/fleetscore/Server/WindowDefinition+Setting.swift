import Core
import Pipelines
import Windowing

extension WindowDefinition {
    /// The definition that a setting declares.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the window and the part that is not
    ///   possible.
    init(_ setting: WindowSetting) throws {
        let kind: WindowKind =
            switch setting.kind {
            case .tumbling: .tumbling
            case .hopping(let slide): .hopping(slide: slide)
            case .session(let gap): .session(gap: gap, maxSize: setting.size)
            }
        try self.init(
            name: setting.name,
            kind: kind,
            size: setting.size,
            allowedLateness: setting.allowedLateness,
            filter: Self.filter(setting),
            quantiles: setting.quantiles,
            watermark: setting.watermark == .device ? .device : .partition,
            latePolicy: LatePolicy(rawValue: setting.late.rawValue) ?? .drop,
            correctFor: setting.correctFor
        )
    }

    fileprivate static func filter(_ setting: WindowSetting) throws -> ReadingFilter? {
        do {
            return try setting.filter.map { try ReadingFilter(parsing: $0) }
        } catch let error as FleetError {
            throw FleetError(
                error.code,
                "window \"\(setting.name)\": \(error.message)",
                hint: error.hint
            )
        }
    }
}

extension WindowProblem {
    /// Why windows of a setting cannot be built; nil when they can.
    static func find(in setting: WindowSetting) -> WindowProblem? {
        do {
            _ = try WindowDefinition.filter(setting)
        } catch {
            return WindowProblem(key: "where", "\(error)")
        }
        do {
            _ = try WindowDefinition(setting)
            return nil
        } catch {
            return WindowProblem(key: setting.kind.key, "\(error)")
        }
    }
}

extension WindowSetting.Kind {
    /// The key that makes windows of this kind.
    fileprivate var key: String {
        switch self {
        case .tumbling: "size"
        case .hopping: "slide"
        case .session: "gap"
        }
    }
}
