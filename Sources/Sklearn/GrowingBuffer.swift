/// Plain values in memory that grows and is used again; an array without its checks of sharing.
///
/// - Concurrency: one thread.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// Where the element at an index below the count is, until the buffer grows.
    @inline(__always)
    func pointer(_ index: Int) -> UnsafePointer<Element> {
        precondition(index >= 0 && index < count, "an index is below the count")
        return UnsafePointer(base + index)
    }

    /// The element at an index below the count.
    @inline(__always)
    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "an index is below the count")
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count, "an index is below the count")
            base[index] = newValue
        }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow(to: count &* 2) }
        base[count] = element
        count &+= 1
    }

    mutating func append(repeating element: Element, count added: Int) {
        if count &+ added > capacity { grow(to: max(count &* 2, count &+ added)) }
        (base + count).update(repeating: element, count: added)
        count &+= added
    }

    /// Drops all elements from an index on.
    mutating func cut(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count, "a buffer is cut to less than it has")
        count = newCount
    }

    /// Drops everything; memory far beyond the usual is given back.
    mutating func reset(keeping usual: Int) {
        count = 0
        guard capacity > usual else { return }
        base.deallocate()
        capacity = max(1, usual)
        base = .allocate(capacity: capacity)
    }

    private mutating func grow(to newCapacity: Int) {
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: newCapacity)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
        capacity = newCapacity
    }
}
