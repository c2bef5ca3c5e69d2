import Pipelines
import Testing

@Suite("Task planner")
struct TaskPlannerTests {
    @Test("No items make no tasks, few items one")
    func small() {
        #expect(TaskPlanner.cut(itemCosts: [], workerCountMax: 4).isEmpty)
        #expect(TaskPlanner.cut(itemCosts: [0], workerCountMax: 0) == [0..<1])
        #expect(
            TaskPlanner.cut(itemCosts: Array(repeating: 1, count: 100), workerCountMax: 8)
                == [0..<100]
        )
    }

    @Test("Equal items are shared out equally")
    func equal() {
        let ranges = TaskPlanner.cut(
            itemCosts: Array(repeating: 1000, count: 1000),
            workerCountMax: 2
        )
        #expect(ranges.map(\.count) == Array(repeating: 125, count: 8))
    }

    @Test("One huge item stands alone and costs near the largest integer are safe")
    func huge() {
        #expect(
            TaskPlanner.cut(itemCosts: [1, 1, 1_000_000, 1, 1], workerCountMax: 1)
                == [0..<2, 2..<3, 3..<5]
        )
        let ranges = TaskPlanner.cut(itemCosts: [.max, .max, 1, .min], workerCountMax: .max)
        #expect(ranges.reduce(0) { $0 + $1.count } == 4)
    }

    @Test("A task holds at most 100,000 items")
    func itemBound() {
        let ranges = TaskPlanner.cut(
            itemCosts: Array(repeating: 1, count: 250_001),
            workerCountMax: 1
        )
        #expect(ranges.allSatisfy { $0.count <= 100_000 })
    }

    @Test("Random items are cut exactly, into tasks of bounded number and cost")
    func random() {
        let seed: UInt64 = 0x7A5C
        var generator = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let costs = (0..<generator.below(400)).map { _ in generator.below(5000) }
            let workers = 1 + generator.below(10)
            let itemCountMax = 1 + generator.below(200)
            let ranges = TaskPlanner.cut(
                itemCosts: costs,
                workerCountMax: workers,
                itemCountMax: itemCountMax
            )
            let note: Comment = "seed \(seed), round \(round)"
            #expect(ranges.flatMap { Array($0) } == Array(costs.indices), note)
            #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= itemCountMax }, note)
            let bound = workers * 4 + costs.count / itemCountMax + 1
            #expect(ranges.count <= 2 * bound, note)
            let total = costs.reduce(0) { $0 + max(1, $1) }
            let tasks = max(1, min(workers * 4, total / 20_000, costs.count))
            for range in ranges {
                let cost = range.reduce(0) { $0 + max(1, costs[$1]) }
                #expect(cost <= total / tasks + 1 + 5000, note)
            }
        }
    }
}
