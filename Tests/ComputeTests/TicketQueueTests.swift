import Testing

@testable import Compute

@Suite("Ticket queue") struct TicketQueueTests {
    private func tickets(_ run: String, _ count: Int) -> [TaskTicket] {
        (0..<count).map { TaskTicket(run: run, task: $0, attempt: 1) }
    }

    @Test("Submissions take turns and keep their limits")
    func turns() {
        var queue = TicketQueue()
        queue.submit(tickets("a", 5), runningCountMax: 3, reason: "wait")
        queue.submit(tickets("b", 5), runningCountMax: 1, reason: "wait")
        #expect(queue.startableCount == 4)
        var order: [String] = []
        while let ticket = queue.start(on: "node") { order.append(ticket.run) }
        #expect(order == ["a", "b", "a", "a"])
        queue.finish(TaskTicket(run: "b", task: 0, attempt: 1), exitCode: 0, message: nil)
        #expect(queue.start(on: "node") == TaskTicket(run: "b", task: 1, attempt: 1))
        #expect(queue.start(on: "node") == nil)
    }

    @Test("A cancelled ticket is never started, and its first end stays")
    func cancelled() {
        var queue = TicketQueue()
        let all = tickets("a", 2)
        queue.submit(all, runningCountMax: 5, reason: "wait")
        queue.finish(all[0], exitCode: 143, message: "cancelled")
        #expect(queue.start(on: "node") == all[1])
        #expect(queue.start(on: "node") == nil)
        queue.finish(all[0], exitCode: 0, message: nil)
        #expect(queue.state(of: all[0]) == .gone(exitCode: 143, message: "cancelled"))
    }

    @Test("Only the newest ended tickets are remembered")
    func forgets() {
        var queue = TicketQueue(endedCountMax: 10)
        let all = tickets("a", 25)
        queue.submit(all, runningCountMax: 100, reason: "wait")
        while let ticket = queue.start(on: "n") { queue.finish(ticket, exitCode: 0, message: nil) }
        guard case .gone(-1, _) = queue.state(of: all[0]) else {
            Issue.record("the oldest ticket is still known")
            return
        }
        #expect(queue.state(of: all[24]) == .gone(exitCode: 0, message: nil))
    }

    @Test("Lines are split wherever the bytes are cut, and bounded")
    func lines() {
        var splitter = LineSplitter(byteCountMax: 4)
        let texts = ["ab", "c\nde", "fghij\n", "\nk"].map { text in
            Array(text.utf8).withUnsafeBytes { splitter.append($0) }
        }
        let lines = texts.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
        #expect(lines == ["abc", "defg", ""])
        #expect(splitter.finish() == Array("k".utf8))
    }

    @Test("Tickets and answers survive their lines")
    func answers() throws {
        let ticket = TaskTicket(run: "r\"1\n", task: 3, attempt: 2)
        let line = try ticket.line()
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(try TaskTicket(line: line) == ticket)
        let answer = WorkerAnswer(ticket: ticket, exit: 75, message: "later", seconds: 1.5)
        #expect(try WorkerAnswer(line: answer.line()) == answer)
        #expect(throws: (any Error).self) { try WorkerAnswer(line: Array("{}".utf8)) }
    }
}
