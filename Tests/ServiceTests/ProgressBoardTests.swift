import Core
import EventLog
import Store
import TestKit
import Testing

@testable import Service

@Suite("Watermarks")
struct ProgressBoardTests {
    private func board(_ fixture: ServiceFixture) async throws -> Aggregator {
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        return aggregator
    }

    /// Two devices that lie in different partitions of four.
    private static let devices: (String, String) = {
        let home = SeriesKey(uncheckedDevice: "d0", sensor: "s").partition(of: 4)
        let other = (1..<100).first {
            SeriesKey(uncheckedDevice: "d\($0)", sensor: "s").partition(of: 4) != home
        }
        return ("d0/s", "d\(other ?? 0)/s")
    }()

    @Test("nothing is known before the first report, nor of an unknown definition")
    func unknown() async throws {
        let fixture = try ServiceFixture()
        #expect(fixture.board.watermark("1m") == nil)
        try await fixture.settle(board(fixture))
        #expect(fixture.board.watermark("5m") == nil)
    }

    @Test("partitions that never had an event hold nobody up")
    func neverUsed() async throws {
        let fixture = try ServiceFixture()
        let aggregator = try await board(fixture)
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == .distantFuture)
        try await fixture.send([(Self.devices.0, 100, 1)])
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(90))
    }

    @Test("the slowest partition decides, its newest event less the lateness")
    func minimum() async throws {
        let fixture = try ServiceFixture()
        let aggregator = try await board(fixture)
        try await fixture.send([(Self.devices.0, 1000, 1), (Self.devices.1, 200, 1)])
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(190))
        try await fixture.send([(Self.devices.1, 2000, 1)])
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(990))
    }

    @Test("a quiet partition follows the clock, and again waits for events once it has some")
    func idle() async throws {
        let fixture = try ServiceFixture()
        let aggregator = try await board(fixture)
        try await fixture.send([(Self.devices.0, 5, 1)])
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(-5))
        fixture.clock.advance(by: .seconds(600))
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(590))
        try await fixture.send([(Self.devices.0, 580, 1)])
        try await fixture.settle(aggregator)
        let mark = try #require(fixture.board.watermark("1m"))
        #expect(mark == ServiceFixture.at(570))
    }

    @Test("complete lets the watermark of historic data follow the clock at once")
    func complete() async throws {
        let fixture = try ServiceFixture()
        let aggregator = try await board(fixture)
        try await fixture.send([(Self.devices.0, -5000, 1)])
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(-5010))
        try await fixture.ingest.complete()
        try await fixture.settle(aggregator)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(-10))
        #expect(try await fixture.storedWindows().count == 1)
    }

    @Test("before the windows are restored, the lag is what came since")
    func lagOfRestoring() async throws {
        let fixture = try ServiceFixture()
        try await fixture.send([(Self.devices.0, 1, 1), (Self.devices.1, 2, 1)])
        #expect(try await lag(fixture) == 2)
        try await fixture.send([(Self.devices.0, 3, 1)])
        #expect(try await lag(fixture) == 3)
        let late = ProgressBoard()
        #expect(late.lag(logEnds: await fixture.log.endOffsets()) == 0, "what was there before")
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        #expect(try await lag(fixture) == 3, "before the first step too")
        #expect(fixture.board.watermark("1m") == .distantPast, "events wait in both partitions")
        try await fixture.settle(aggregator)
        #expect(try await lag(fixture) == 0)
        #expect(fixture.board.watermark("1m") == ServiceFixture.at(-8))
    }

    private func lag(_ fixture: ServiceFixture) async throws -> Int64 {
        fixture.board.lag(logEnds: await fixture.log.endOffsets())
    }

    @Test("the lag of a shared log counts what no process has committed")
    func lagOfOthers() async throws {
        let board = ProgressBoard()
        let settings = try ServiceFixture().settings
        #expect(!board.isUnassigned, "nobody shares the log")
        #expect(board.lag(logEnds: [10, 20, 30]) == 0)
        let marks = [
            PartitionMark(partition: 0, appliedThrough: 10, maxEventTime: nil),
            PartitionMark(partition: 1, appliedThrough: 5, maxEventTime: nil),
        ]
        board.follow(marks, definitions: settings.windows)
        #expect(board.isUnassigned)
        #expect(board.lag(logEnds: [10, 20, 30]) == 0 + 15 + 30)
        let partition = try PartitionAggregator(
            partition: 2,
            settings: settings,
            checkpoint: nil,
            uptime: .zero
        )
        let own = partition.progress(logEnd: 30, now: ServiceFixture.start, uptime: .zero)
        board.update([own], definitions: settings.windows)
        #expect(!board.isUnassigned)
        #expect(board.lag(logEnds: [10, 20, 30]) == 15 + 30)
        #expect(board.lag(logEnds: [10, 20, 31]) == 15 + 31)
        board.update([], assignedCount: 1, definitions: settings.windows)
        #expect(!board.isUnassigned, "what was assigned is not committed yet")
        board.update([], assignedCount: 0, definitions: settings.windows)
        #expect(board.isUnassigned)
    }

    @Test("a quiet partition with events still to apply does not run ahead of them")
    func lag() async throws {
        let board = ProgressBoard()
        let partition = try PartitionAggregator(
            partition: 0,
            settings: ServiceFixture().settings,
            checkpoint: nil,
            uptime: .zero
        )
        let later = ServiceFixture.at(3600)
        board.update(
            [partition.progress(logEnd: 5, now: later, uptime: .seconds(3600))],
            definitions: try ServiceFixture().settings.windows
        )
        #expect(board.lag(logEnds: [5]) == 5)
        #expect(board.watermark("1m") == .distantPast)
        board.setProblem("the disk is full")
        #expect(board.problem == "the disk is full")
        board.update(
            [partition.progress(logEnd: 0, now: later, uptime: .seconds(3600))],
            definitions: []
        )
        #expect(board.problem == nil)
    }
}
