import Core
import FoundationEssentials
import Testing

@Suite("Errors and small values")
struct FleetErrorTests {
    @Test("an error is one line without control characters")
    func oneLine() {
        let cause = FleetError(.timeout, "slow\r\ndisk")
        let error = FleetError(
            .internal,
            "a\nb \u{1B}[31m\u{2028}c",
            hint: "retry\t",
            cause: cause
        )
        #expect(error.description == "a b  [31m c (cause: slow  disk); retry ")
    }

    @Test("what may be tried again follows from the code unless it is said")
    func retriable() {
        #expect(FleetError(.unavailable, "x").isRetriable)
        #expect(!FleetError(.invalidArgument, "x").isRetriable)
        #expect(!FleetError(.unavailable, "x", isRetriable: false).isRetriable)
        for code in FleetErrorCode.allCases {
            #expect((400..<600).contains(code.httpStatus))
            #expect(code.exitCode == 1 || code.exitCode == 2)
        }
    }

    @Test("statuses are ordered from the worst, and their ranks are read back")
    func statuses() {
        #expect(
            ItemStatus.allCases.sorted() == [
                .quarantined, .timedOut, .failed, .noData, .noModel, .scored,
            ]
        )
        for status in ItemStatus.allCases { #expect(ItemStatus(rank: status.rank) == status) }
        #expect(ItemStatus(rank: 6) == nil)
        #expect(ItemStatus.allCases.filter(\.isFailure) == [.quarantined, .timedOut, .failed])
    }

    @Test("counts add up and keep every status in JSON")
    func counts() throws {
        var counts = StatusCounts()
        counts[.scored] = 5
        counts[.failed] = 2
        let sum = counts + counts
        #expect(sum.total == 14)
        #expect(sum.failures == 4)
        let data = try JSONEncoder().encode(sum)
        #expect(try JSONDecoder().decode([String: Int].self, from: data).count == 6)
        #expect(try JSONDecoder().decode(StatusCounts.self, from: data)[.scored] == 10)
    }
}
