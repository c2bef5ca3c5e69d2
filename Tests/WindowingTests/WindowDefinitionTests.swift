import Core
import Testing

@testable import Windowing

@Suite("Window definitions of every kind")
struct WindowDefinitionTests {
    struct Refused: CustomTestStringConvertible {
        let part: String
        var kind = WindowKind.tumbling
        var size = Duration.seconds(60)
        var quantiles: [Double] = []
        var correctFor = Duration.seconds(60)
        var testDescription: String { part }
    }

    @Test(
        "What is out of range is refused by name",
        arguments: [
            Refused(part: "the slide", kind: .hopping(slide: .zero)),
            Refused(part: "longer than the size", kind: .hopping(slide: .seconds(61))),
            Refused(
                part: "panes a window",
                kind: .hopping(slide: .microseconds(59_999_999))
            ),
            Refused(part: "the gap", kind: .session(gap: .zero)),
            Refused(
                part: "longest session",
                kind: .session(gap: .seconds(5), maxSize: .seconds(3))
            ),
            Refused(part: "the quantile 1.0", quantiles: [1]),
            Refused(part: "not above", quantiles: [0.5, 0.5]),
            Refused(part: "too many", quantiles: (1...17).map { Double($0) / 100 }),
            Refused(part: "time for corrections", correctFor: .seconds(-1)),
            Refused(part: "the size", size: .microseconds(1)),
        ]
    )
    func refused(item: Refused) {
        let error = #expect(throws: FleetError.self) {
            try WindowDefinition(
                name: "w",
                kind: item.kind,
                size: item.size,
                quantiles: item.quantiles,
                correctFor: item.correctFor
            )
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(item.part) == true)
        #expect(error?.message.contains("\"w\"") == true)
    }

    @Test("Too many panes: how many there may be, in durations as people write them")
    func panes() {
        let error = #expect(throws: FleetError.self) {
            try WindowDefinition(
                name: "w",
                kind: .hopping(slide: .seconds(7)),
                size: .seconds(7 * 86_400)
            )
        }
        #expect(
            error?.description == "window \"w\": a size of 7d every 7s needs 86400 panes a window, "
                + "of 7s each; there may be at most 10000; a pane is the greatest common divisor "
                + "of size and slide: choose a slide that makes it at least 1m480ms"
        )
        #expect(throws: Never.self) {
            try WindowDefinition(
                name: "w",
                kind: .hopping(slide: .microseconds(60_480_000)),
                size: .seconds(7 * 86_400)
            )
        }
    }

    @Test("Panes are the greatest common divisor; ends of windows follow the slide")
    func geometry() {
        let geometry = PaneGeometry(size: 10, slide: 4)
        #expect(geometry.pane == 2)
        #expect(geometry.paneCount == 5)
        for time in Int64(-50)...50 {
            let pane = geometry.paneStart(of: time)
            let ends = (Int64(-30)...30).map { $0 * 4 + 10 }.filter { $0 - 10 <= time && time < $0 }
            #expect(geometry.firstEnd(ofPane: pane) == ends.min())
            #expect(geometry.lastEnd(ofPane: pane) == ends.max())
            #expect(pane <= time && time < pane + 2)
        }
        #expect(geometry.end(from: 2, above: 1) == 2)
        #expect(geometry.end(from: 2, above: 2) == 6)
        #expect(geometry.end(from: 2, above: 9) == 10)
    }

    @Test("An open state takes at most 250 bytes a series and definition, names aside")
    func memory() {
        // Per window: the slot and its place in a bucket. Per series: the ring of times, the newest
        // one, its bit, the newest window, the rank twice, the dictionary without names.
        let window = MemoryLayout<Slot>.stride + 4
        let series = 64 + 8 + 1 + 4 + 8 + 37
        #expect(MemoryLayout<Slot>.stride == 112)
        #expect(window + series <= 250)
    }
}
