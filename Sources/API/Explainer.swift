import Client
import Core
import Fleets
import Inference
import Packs
import Service
import Store

/// Gathers everything that made a key's answer in a run.
struct Explainer {
    let backend: Backend

    func explain(run id: String, key: SeriesKey) async throws -> Explanation {
        let run = try await backend.catalog.run(id)
        guard let item = try await item(key, run: id) else {
            throw FleetError(
                .notFound,
                "\(key) is no item of run \(id)",
                hint: "list them with `fleetscore runs predictions \(id)`"
            )
        }
        let batch = try await backend.windows.predictions(
            run: id,
            key: key,
            anomaliesOnly: false,
            offset: 0,
            limit: 10_000
        )
        let (model, findings) = try await model(of: key, run: run)
        return Explanation(
            run: id,
            key: key.description,
            status: item.status.rawValue,
            reason: item.reason,
            rows: item.rowCount,
            anomalies: item.anomalyCount,
            featureNames: batch.featureNames,
            predictions: (0..<batch.count).map { PredictionInfo(batch, row: $0) },
            model: model,
            findings: findings
        )
    }

    private func item(_ key: SeriesKey, run: String) async throws -> ItemOutcome? {
        let pageSize = 10_000
        var offset = 0
        while true {
            let page = try await backend.windows.items(
                run: run,
                status: nil,
                offset: offset,
                limit: pageSize
            )
            if let item = page.first(where: { $0.key == key }) { return item }
            guard page.count == pageSize else { return nil }
            offset += pageSize
        }
    }

    private func model(
        of key: SeriesKey,
        run: RunRecord
    ) async throws -> (Explanation.Model?, [FindingInfo]) {
        guard let number = run.fleetVersion else { return (nil, []) }
        let fleet = String(run.fleet.prefix { $0 != "@" })
        let version = try await backend.catalog.fleetVersion(fleet, number)
        return try await backend.fleets.withPack(of: version) { pack in
            guard let index = pack.find(key) else { return (nil, []) }
            let description = try pack.withModel(at: index) { view in
                try pack.description(at: index).describing(view)
            }
            let model = try Explanation.Model(
                source: description.source,
                digest: pack.digest(at: index),
                parameters: description.parameterTexts
            )
            let findings = try pack.findings(at: index).map {
                FindingInfo(
                    key: key.description,
                    severity: $0.severity.rawValue,
                    message: $0.message
                )
            }
            return (model, findings)
        }
    }
}
