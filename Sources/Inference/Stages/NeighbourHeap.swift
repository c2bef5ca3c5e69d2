/// The nearest rows so far; the farthest of them on top.
///
/// Pushes as scikit-learn's heap does, since equal distances at its end depend on it.
struct NeighbourHeap {
    let count: Int
    let distances: UnsafeMutablePointer<Double>
    let indexes: UnsafeMutablePointer<Int32>

    var farthest: Double { distances[0] }

    func clear() {
        distances.update(repeating: .infinity, count: count)
        indexes.update(repeating: 0, count: count)
    }

    /// - Source: scikit-learn, utils/_heap.pyx, heap_push.
    func push(_ distance: Double, _ index: Int32) {
        if distance >= distances[0] { return }
        var current = 0
        while true {
            let left = 2 &* current &+ 1
            let right = left &+ 1
            guard left < count else { break }
            var larger = left
            if right < count, !(distances[left] >= distances[right]) { larger = right }
            guard distance < distances[larger] else { break }
            distances[current] = distances[larger]
            indexes[current] = indexes[larger]
            current = larger
        }
        distances[current] = distance
        indexes[current] = index
    }

    /// Sorts by distance, nearest first; equal ones stay in order.
    func sort() {
        for end in 1..<max(1, count) {
            let (distance, index) = (distances[end], indexes[end])
            var place = end
            while place > 0, distances[place &- 1] > distance {
                distances[place] = distances[place &- 1]
                indexes[place] = indexes[place &- 1]
                place &-= 1
            }
            distances[place] = distance
            indexes[place] = index
        }
    }
}
