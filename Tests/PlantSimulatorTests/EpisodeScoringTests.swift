import Core
import Testing

@testable import PlantSimulator

@Suite("Episode scoring")
struct EpisodeScoringTests {
    private let scoring = EpisodeScoring(windowSize: .seconds(60))
    private let key = SeriesKey(uncheckedDevice: "a", sensor: "s")
    private let other = SeriesKey(uncheckedDevice: "b", sensor: "s")

    private func minutes(_ minutes: Int64...) -> [Timestamp] {
        minutes.map { Timestamp(seconds: $0 * 60) }
    }

    private func fault(_ from: Int64, _ to: Int64) -> FaultEpisode {
        FaultEpisode(
            key: key,
            start: Timestamp(seconds: from * 60),
            end: Timestamp(seconds: to * 60),
            kind: .stuck,
            series: 0,
            sign: 1,
            seed: 0
        )
    }

    @Test("Three in a row are an episode, runs two windows apart are one")
    func runs() {
        let starts = minutes(30, 1, 2, 3, 6, 7, 8, 8, 20, 21, 40, 41, 42, 46, 47, 48)
        let found = scoring.episodes(anomalousStarts: starts)
        #expect(found.map { $0.start.microseconds / 60_000_000 } == [1, 40, 46])
        #expect(found.map { $0.end.microseconds / 60_000_000 } == [9, 43, 49])
        #expect(scoring.episodes(anomalousStarts: []).isEmpty)
    }

    @Test("Precision counts predicted episodes, recall counts faults")
    func score() {
        let result = scoring.score(
            anomalousStarts: [
                key: minutes(10, 11, 12, 50, 51, 52), other: minutes(10, 11, 12),
            ],
            faults: [fault(12, 20), fault(30, 40)],
            from: Timestamp(seconds: 0),
            to: Timestamp(seconds: 3600)
        )
        #expect(result.predicted == 3)
        #expect(result.right == 1)
        #expect(result.found == 1)
        #expect(result.precision == 1.0 / 3)
        #expect(result.recall == 0.5)
    }

    @Test("An episode that only touches a fault is wrong; nothing at all is perfect")
    func edges() {
        let result = scoring.score(
            anomalousStarts: [key: minutes(20, 21, 22)],
            faults: [fault(12, 20)],
            from: Timestamp(seconds: 0),
            to: Timestamp(seconds: 3600)
        )
        #expect(result.right == 0)
        #expect(result.found == 0)
        let empty = scoring.score(
            anomalousStarts: [:],
            faults: [],
            from: Timestamp(seconds: 0),
            to: Timestamp(seconds: 60)
        )
        #expect(empty.precision == 1)
        #expect(empty.recall == 1)
    }

    @Test("A fault that only reaches into the range makes episodes right, but need not be found")
    func partialFault() {
        let range = (from: Timestamp(seconds: 0), to: Timestamp(seconds: 15 * 60))
        let reaching = scoring.score(
            anomalousStarts: [key: minutes(12, 13, 14)],
            faults: [fault(12, 40)],
            from: range.from,
            to: range.to
        )
        #expect(reaching.right == 1)
        #expect(reaching.faults == 0)
        let half = scoring.score(
            anomalousStarts: [:],
            faults: [fault(10, 20)],
            from: range.from,
            to: range.to
        )
        #expect(half.faults == 1)
        #expect(half.recall == 0)
    }
}
