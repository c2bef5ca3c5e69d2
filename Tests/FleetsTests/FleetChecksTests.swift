import Fleets
import Inference
import Testing

@Suite("Checks of a fleet against its pipelines and its data")
struct FleetChecksTests {
    private func inputs(_ features: [String]) -> FleetChecks.Inputs {
        FleetChecks.Inputs(pipeline: "plant", features: features)
    }

    @Test("a wrong count and a wrong order are errors, other names a warning")
    func features() {
        func code(_ count: Int, _ names: [String]?, _ given: [String]) -> String? {
            FleetChecks.inputs(featureCount: count, featureNames: names, of: inputs(given))?.code
        }
        #expect(code(1, nil, ["mean"]) == nil)
        #expect(code(2, ["a", "b"], ["a", "b"]) == nil)
        #expect(code(3, nil, ["mean"]) == "feature_count")
        #expect(code(2, ["b", "a"], ["a", "b"]) == "feature_order")
        #expect(code(2, ["x", "y"], ["a", "b"]) == "feature_names")
        let finding = FleetChecks.inputs(featureCount: 2, featureNames: nil, of: inputs(["mean"]))
        #expect(finding?.severity == .error)
        #expect(finding?.message.contains("the pipeline plant gives 1: mean") == true)
    }

    @Test("95 % flagged is an error; 5 times the trained rate and 5 points more is drift")
    func observed() {
        func codes(_ flagged: Int, _ rows: Int, nu: String?) -> [String] {
            var observed = FleetChecks.Observed()
            observed.rows = rows
            observed.flagged = flagged
            observed.anyPositive = flagged < rows
            let facts = nu.map { [ModelFact("nu", $0)] } ?? []
            return FleetChecks.observed(observed, facts: facts).map(\.code)
        }
        #expect(codes(95, 100, nu: "0.01") == ["flags_most_rows"])
        #expect(codes(94, 100, nu: "0.5") == [])
        #expect(codes(6, 100, nu: "0.01") == [])
        #expect(codes(7, 100, nu: "0.01") == ["anomaly_rate_drift"])
        #expect(codes(50, 100, nu: "0.1") == [])
        #expect(codes(51, 100, nu: "0.1") == ["anomaly_rate_drift"])
        #expect(codes(19, 19, nu: "0.1") == [], "too few rows say nothing")
        #expect(codes(0, 100, nu: nil) == [], "a regressor has no anomalies")
        #expect(codes(100, 100, nu: nil) == ["flags_most_rows"])
        #expect(codes(51, 100, nu: "many") == [])
    }
}
