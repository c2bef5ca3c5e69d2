/// Cuts a run's items into tasks.
package enum TaskPlanner {
    /// Items of one task at most.
    package static let itemCountMax = 100_000
    /// The cost, in rows, below which a task is not worth starting.
    package static let costMin = 20_000
    /// Tasks per worker that are aimed at, so that workers end at about the same time.
    package static let tasksPerWorker = 4

    /// Cuts items, in key order, into contiguous ranges of about equal cost.
    ///
    /// Every item is in exactly one range and no range is empty. An item costs at least 1.
    package static func cut(
        itemCosts: [Int],
        workerCountMax: Int,
        costMin: Int = costMin,
        itemCountMax: Int = itemCountMax
    ) -> [Range<Int>] {
        let costs = itemCosts.map { max(1, $0) }
        let total = costs.reduce(0, saturatingSum)
        let wanted = max(1, min(workerCountMax, 1_000_000)) * tasksPerWorker
        let taskCount = max(1, min(wanted, total / max(1, costMin), costs.count))
        let share = max(1, total / taskCount + (total % taskCount == 0 ? 0 : 1))
        var ranges: [Range<Int>] = []
        var start = 0
        var cost = 0
        for (index, itemCost) in costs.enumerated() {
            let isFull = index - start >= max(1, itemCountMax)
            // An item that takes a task past its share begins the next one if most of it is over.
            let over = saturatingSum(cost, itemCost) - share
            let isPast = cost >= share || (over > 0 && over > itemCost / 2)
            if index > start, isFull || isPast {
                ranges.append(start..<index)
                start = index
                cost = 0
            }
            cost = saturatingSum(cost, itemCost)
        }
        if start < costs.count { ranges.append(start..<costs.count) }
        return ranges
    }

    private static func saturatingSum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
