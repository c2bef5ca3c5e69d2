import Core

extension PipelineDocument {
    /// Reads a document.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` with the first problem and the number of others.
    package static func parse(yaml: String, file: String) throws -> PipelineDocument {
        let checked = check(yaml: yaml, file: file)
        guard let document = checked.document else { throw FleetError(checked.problems) }
        return document
    }

    /// Reads a document and lists everything that is wrong with it, by line.
    ///
    /// There is a document exactly when there are no problems.
    package static func check(
        yaml: String,
        file: String
    ) -> (document: PipelineDocument?, problems: [DocumentProblem]) {
        let reader = DocumentReader(file: file)
        let keys = [
            "version", "name", "windows", "features", "fleet", "schedule", "compute", "limits",
            "outputs",
        ]
        guard let root = reader.root(of: yaml, allowed: keys) else {
            return (nil, reader.sortedProblems)
        }
        root.checkVersion(PipelineDocument.version)
        let name = root.read("name", required: true, Scalar.name)
        let windows = root.read("windows", required: true, Scalar.name)
        let fleet = root.read("fleet", required: true) { text throws(ScalarProblem) in
            try FleetReference(text)
        }
        let features = root.features()
        let schedule = root.schedule()
        let compute = root.compute()
        let limits = root.limits()
        let outputs = root.outputs()
        guard reader.problems.isEmpty, let name, let windows, let features, let fleet else {
            return (nil, reader.sortedProblems)
        }
        var document = PipelineDocument(
            name: name,
            windows: windows,
            features: features,
            fleet: fleet
        )
        document.schedule = schedule
        document.compute = compute
        document.limits = limits
        document.outputs = outputs
        return (document, [])
    }

    /// The problems that only show beside the server's window definitions.
    package func problems(amongWindows definitions: [String], file: String) -> [DocumentProblem] {
        guard !definitions.contains(windows) else { return [] }
        let message = "\"\(windows)\" is an " + unknown(windows, definitions, "window definition")
        return [DocumentProblem(file: file, line: 1, path: "windows", message: message)]
    }
}

extension MappingReader {
    fileprivate func checkVersion(_ version: Int) {
        guard let text = text("version", required: true), text != String(version) else { return }
        report("version", "\"\(text.prefix(40))\" is not supported; must be \(version)")
    }

    fileprivate func features() -> FeatureSelection? {
        guard let nodes = list("features", required: true) else { return nil }
        guard (1...FeatureSelection.countMax).contains(nodes.count) else {
            report(
                "features",
                "has \(nodes.count) entries; must have 1 to \(FeatureSelection.countMax)"
            )
            return nil
        }
        var aggregates: [Aggregate] = []
        var sensors: [FeatureSelection.SensorFeature] = []
        var seen: Set<String> = []
        for (index, node) in nodes.enumerated() {
            let path = "features[\(index)]"
            guard case .scalar(let text, _) = node.content, !node.isNull else {
                reader.report(
                    line: node.line,
                    path: path,
                    "must be a feature name, not \(node.kind)"
                )
                continue
            }
            guard seen.insert(text).inserted else {
                reader.report(line: node.line, path: path, "\"\(text.prefix(40))\" is given twice")
                continue
            }
            do throws(ScalarProblem) {
                switch try FeatureName(text) {
                case .aggregate(let aggregate): aggregates.append(aggregate)
                case .sensor(let feature): sensors.append(feature)
                }
            } catch {
                reader.report(line: node.line, path: path, error.message)
            }
        }
        if !aggregates.isEmpty, !sensors.isEmpty {
            report(
                "features",
                "mixes aggregates (mean) with sensor.aggregate (temperature.mean); use one kind"
            )
        }
        return sensors.isEmpty ? .series(aggregates) : .device(sensors)
    }

    fileprivate func schedule() -> PipelineDocument.ScheduleSettings? {
        let keys = ["every", "cron", "time_zone", "wait_for"]
        guard let mapping = mapping("schedule", allowed: keys) else { return nil }
        let zone = mapping.read("time_zone") { text throws(ScalarProblem) in
            try Self.zone(text)
        }
        let every = mapping.read("every") { text throws(ScalarProblem) in
            try Scalar.duration(text, in: Schedule.everyRange)
        }
        let cron = mapping.read("cron") { text throws(ScalarProblem) in
            try CronExpression(text)
        }
        switch (mapping.has("every"), mapping.has("cron")) {
        case (true, true):
            mapping.report("cron", "cannot stand beside every; keep one of them")
        case (false, false):
            if !mapping.hasUnknownKey, mapping.values["every"] == nil,
                mapping.values["cron"] == nil
            {
                reader.report(
                    line: mapping.line,
                    path: mapping.path,
                    "needs every or cron"
                )
            }
        default: break
        }
        let schedule: Schedule
        if let every {
            schedule = .every(every)
        } else if let cron {
            schedule = .cron(cron, zone ?? .utc)
        } else {
            schedule = .every(.seconds(3600))
        }
        var settings = PipelineDocument.ScheduleSettings(schedule: schedule)
        if let wait = mapping.mapping("wait_for", allowed: ["watermark", "at_most"]) {
            if let value = wait.read("watermark", Scalar.boolean) {
                settings.waitsForWatermark = value
            }
            if let value = wait.duration("at_most", .zero ... .seconds(7 * 86_400)) {
                settings.waitAtMost = value
            }
        }
        return settings
    }

    private static func zone(_ text: String) throws(ScalarProblem) -> TimeZoneRules {
        do {
            return try TimeZoneRules.load(text)
        } catch let error as FleetError {
            throw ScalarProblem(error.description)
        } catch {
            throw ScalarProblem("cannot load the time zone \"\(text.prefix(80))\": \(error)")
        }
    }

    private func duration(_ key: String, _ range: ClosedRange<Duration>) -> Duration? {
        read(key) { text throws(ScalarProblem) in try Scalar.duration(text, in: range) }
    }

    private func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        read(key) { text throws(ScalarProblem) in try Scalar.integer(text, in: range) }
    }

    fileprivate func compute() -> PipelineDocument.ComputeSettings {
        var settings = PipelineDocument.ComputeSettings()
        let keys = ["target", "min", "max", "idle"]
        guard let mapping = mapping("compute", allowed: keys) else { return settings }
        let target = mapping.read("target") { text throws(ScalarProblem) in
            try Scalar.choice(text, of: ["local"])
        }
        settings.target = target ?? settings.target
        settings.workerCountMin = mapping.integer("min", 0...1024) ?? settings.workerCountMin
        let max = mapping.integer("max", 1...1024)
        settings.workerCountMax = max ?? Swift.max(settings.workerCountMax, settings.workerCountMin)
        settings.idle = mapping.duration("idle", .zero ... .seconds(86_400)) ?? settings.idle
        if settings.workerCountMin > settings.workerCountMax {
            mapping.report(
                "min",
                "\(settings.workerCountMin) is more than max (\(settings.workerCountMax))"
            )
        }
        return settings
    }

    fileprivate func limits() -> PipelineDocument.LimitSettings {
        var settings = PipelineDocument.LimitSettings()
        let keys = ["failed_items", "item_timeout", "run_timeout", "retries", "no_model"]
        guard let mapping = mapping("limits", allowed: keys) else { return settings }
        let failedItems = mapping.read("failed_items") { text throws(ScalarProblem) in
            try FailureLimit(text)
        }
        settings.failedItems = failedItems ?? settings.failedItems
        settings.itemTimeout =
            mapping.duration("item_timeout", .milliseconds(100) ... .seconds(3600))
            ?? settings.itemTimeout
        settings.runTimeout =
            mapping.duration("run_timeout", .seconds(1) ... .seconds(7 * 86_400))
            ?? settings.runTimeout
        settings.retries = mapping.integer("retries", 0...10) ?? settings.retries
        let noModel = mapping.read("no_model") { text throws(ScalarProblem) in
            try Scalar.choice(
                text,
                of: PipelineDocument.LimitSettings.NoModel.allCases.map(\.rawValue)
            )
        }
        settings.noModel = noModel.flatMap { .init(rawValue: $0) } ?? settings.noModel
        if settings.itemTimeout > settings.runTimeout {
            mapping.report(
                mapping.has("item_timeout") ? "item_timeout" : "run_timeout",
                "item_timeout (\(settings.itemTimeout.text)) is longer than run_timeout "
                    + "(\(settings.runTimeout.text))"
            )
        }
        return settings
    }

    fileprivate func outputs() -> PipelineDocument.OutputSettings {
        var settings = PipelineDocument.OutputSettings()
        guard let mapping = mapping("outputs", allowed: ["format"]) else { return settings }
        let format = mapping.read("format") { text throws(ScalarProblem) in
            try Scalar.choice(
                text,
                of: PipelineDocument.OutputSettings.Format.allCases.map(\.rawValue)
            )
        }
        settings.format = format.flatMap { .init(rawValue: $0) } ?? settings.format
        return settings
    }
}
