import Core

/// Up to which ends saved windows of a definition were closed.
struct SavedMarks {
    var closedThrough: Int64
    /// With a watermark per device: of each.
    var devices: [DefinitionWindows.DeviceMark] = []
}

extension DefinitionWindows {
    /// A hash of what else a window's content depends on: computed anew with other terms, a window
    /// may come out otherwise, so what is kept here must not correct it.
    var terms: UInt64 {
        let parts = [
            definition.latePolicy.rawValue, "\(lateness)", "\(correctFor)",
            definition.filter?.text ?? "", "\(definition.quantiles)",
        ]
        let text = Array(parts.joined(separator: "\n").utf8)
        return text.withUnsafeBytes { XXHash64.hash($0) }
    }

    /// Notes that readings up to now may be missing here.
    mutating func miss(through newest: Int64) {
        missedThrough = newest
        for device in 0..<devices.count {
            devices.base[device].missedThrough = devices[device].newest
        }
    }

    /// Starts empty amid the events: what the newest of them closed stays closed.
    ///
    /// `saved` is what windows of the same name and bounds had closed before; it stays closed, too.
    mutating func start(
        newest: Int64,
        _ clocks: borrowing SeriesClocks,
        _ keys: borrowing PartitionKeys,
        after saved: SavedMarks?
    ) {
        closedThrough = saved?.closedThrough ?? Int64.min
        for device in 0..<devices.count {
            devices.base[device].closedThrough =
                saved.flatMap { device < $0.devices.count ? $0.devices[device] : nil }?
                .closedThrough ?? closedThrough
        }
        for series in 0..<(isPerDevice ? clocks.count : 0) {
            let device = devices.base + Int(keys.deviceOf[series])
            device.pointee.newest = max(device.pointee.newest, clocks.newest(of: series))
        }
        miss(through: newest)
    }
}
