import Pipelines
import Windowing

extension WindowDefinition {
    /// The definition that a setting declares.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is not possible.
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
            filter: setting.filter.map { try ReadingFilter(parsing: $0) },
            quantiles: setting.quantiles,
            watermark: setting.watermark == .device ? .device : .partition,
            latePolicy: LatePolicy(rawValue: setting.late.rawValue) ?? .drop,
            correctFor: setting.correctFor
        )
    }
}
