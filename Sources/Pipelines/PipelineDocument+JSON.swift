import Core

extension PipelineDocument: Encodable {
    private enum Key: String, CodingKey {
        case version, name, windows, features, fleet, schedule, compute, limits, outputs
        case every, cron, timeZone = "time_zone", waitFor = "wait_for", watermark
        case atMost = "at_most", target, min, max, idle, failedItems = "failed_items"
        case itemTimeout = "item_timeout", runTimeout = "run_timeout", retries, format
        case noModel = "no_model"
    }

    /// Writes the document with the keys and texts of its YAML form, defaults filled in.
    package func encode(to encoder: any Encoder) throws {
        var root = encoder.container(keyedBy: Key.self)
        try root.encode(Self.version, forKey: .version)
        try root.encode(name, forKey: .name)
        try root.encode(windows, forKey: .windows)
        try root.encode(features.names, forKey: .features)
        try root.encode(fleet.description, forKey: .fleet)
        if let settings = schedule {
            var nested = root.nestedContainer(keyedBy: Key.self, forKey: .schedule)
            switch settings.schedule {
            case .every(let period): try nested.encode(period.text, forKey: .every)
            case .cron(let cron, _): try nested.encode(cron.text, forKey: .cron)
            }
            try nested.encode(settings.schedule.timeZone, forKey: .timeZone)
            var wait = nested.nestedContainer(keyedBy: Key.self, forKey: .waitFor)
            try wait.encode(settings.waitsForWatermark, forKey: .watermark)
            try wait.encode(settings.waitAtMost.text, forKey: .atMost)
        }
        var computing = root.nestedContainer(keyedBy: Key.self, forKey: .compute)
        try computing.encode(compute.target, forKey: .target)
        try computing.encode(compute.workerCountMin, forKey: .min)
        try computing.encode(compute.workerCountMax, forKey: .max)
        try computing.encode(compute.idle.text, forKey: .idle)
        var limiting = root.nestedContainer(keyedBy: Key.self, forKey: .limits)
        try limiting.encode(limits.failedItems.description, forKey: .failedItems)
        try limiting.encode(limits.itemTimeout.text, forKey: .itemTimeout)
        try limiting.encode(limits.runTimeout.text, forKey: .runTimeout)
        try limiting.encode(limits.retries, forKey: .retries)
        try limiting.encode(limits.noModel.rawValue, forKey: .noModel)
        var output = root.nestedContainer(keyedBy: Key.self, forKey: .outputs)
        try output.encode(outputs.format.rawValue, forKey: .format)
    }
}
