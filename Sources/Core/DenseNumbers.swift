/// The distinct ones among numbers that lie close together, found without hashing.
struct DenseNumbers {
    /// In the order of their places, in which their names lie in memory, too.
    private(set) var distinct: [SeriesNumber] = []
    /// Of each number: its position among ``distinct``.
    private(set) var ids: [UInt32] = []

    /// Where the numbers lie: a table of so many places, each with so many partitions.
    private let first: (place: Int, partition: Int)
    private let partitionCount: Int

    /// Nil where a table of all places would be much larger than the numbers.
    init?(_ numbers: [SeriesNumber]) {
        var least = (place: Int.max, partition: Int.max)
        var most = (place: 0, partition: 0)
        for number in numbers {
            least = (min(least.place, number.place), min(least.partition, number.partition))
            most = (max(most.place, number.place), max(most.partition, number.partition))
        }
        guard !numbers.isEmpty else { return nil }
        first = least
        partitionCount = most.partition - least.partition + 1
        let tableCount = (most.place - least.place + 1) * partitionCount
        guard tableCount <= numbers.count * Self.placesPerNumber else { return nil }
        var table = [UInt32](repeating: 0, count: tableCount)
        table.withUnsafeMutableBufferPointer { table in
            for number in numbers { table[index(of: number)] = 1 }
            numberPlaces(table)
            ids = numbers.map { table[index(of: $0)] }
        }
    }

    /// Places that an array may have for each number before a hash table is quicker.
    private static let placesPerNumber = 4

    /// Gives places that occur, which are not 0, the next ids.
    private mutating func numberPlaces(_ table: UnsafeMutableBufferPointer<UInt32>) {
        var index = 0
        var place = first.place
        while index < table.count {
            for offset in 0..<partitionCount where table[index &+ offset] != 0 {
                table[index &+ offset] = UInt32(truncatingIfNeeded: distinct.count)
                distinct.append(
                    SeriesNumber(partition: first.partition &+ offset, place: place)
                )
            }
            index &+= partitionCount
            place &+= 1
        }
    }

    @inline(__always)
    private func index(of number: SeriesNumber) -> Int {
        (number.place &- first.place) &* partitionCount &+ (number.partition &- first.partition)
    }
}
