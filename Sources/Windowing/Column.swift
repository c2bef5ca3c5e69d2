import CMemory

/// A growing row of plain values in raw memory: an array without checks, for the hot loops.
///
/// A copy shares the memory until one of the two calls ``makeUnique()``, which whoever changes
/// values does first. Growing moves pages instead of bytes when it is large.
struct Column<Element: BitwiseCopyable> {
    private var storage = Storage()
    /// The first element; valid until the next growth.
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity = 0

    init() {
        base = Storage.empty(Element.self)
    }

    /// Copies the memory when another value shares it.
    mutating func makeUnique() {
        guard !isKnownUniquelyReferenced(&storage) else { return }
        let copy = Storage()
        guard capacity > 0 else {
            storage = copy
            return
        }
        copy.resize(to: capacity * MemoryLayout<Element>.stride)
        if let source = storage.memory, let target = copy.memory {
            target.copyMemory(
                from: source,
                byteCount: count * MemoryLayout<Element>.stride
            )
        }
        storage = copy
        base = storage.base(Element.self)
    }

    /// Makes it at least as long as a count, with a value for new elements.
    mutating func grow(to count: Int, filledWith value: Element) {
        guard count > self.count else { return }
        reserve(count)
        (base + self.count).initialize(repeating: value, count: count - self.count)
        self.count = count
    }

    @inline(__always)
    mutating func append(_ value: Element) {
        if count == capacity { reserve(count + 1) }
        (base + count).initialize(to: value)
        count &+= 1
    }

    mutating func removeLast() { count -= 1 }

    /// Room for so many elements behind the last one; ``advance(_:)`` tells how many were written.
    @inline(__always)
    mutating func tail(_ count: Int) -> UnsafeMutablePointer<Element> {
        if self.count &+ count > capacity { reserve(self.count + count) }
        return base + self.count
    }

    @inline(__always)
    mutating func advance(_ count: Int) { self.count &+= count }

    /// Forgets the elements and keeps the memory.
    mutating func removeAll() { count = 0 }

    /// Makes room; elements that nobody wrote take no memory in large columns.
    mutating func reserve(_ count: Int) {
        guard count > capacity else { return }
        makeUnique()
        var wanted = max(16, capacity)
        while wanted < count { wanted *= 2 }
        storage.resize(to: wanted * MemoryLayout<Element>.stride)
        capacity = wanted
        base = storage.base(Element.self)
    }

    @inline(__always)
    subscript(index: Int) -> Element { base[index] }

    /// Owns the memory.
    private final class Storage {
        private(set) var memory: UnsafeMutableRawPointer?
        private var byteCount = 0

        func resize(to byteCount: Int) {
            memory = memory_resize(memory, self.byteCount, byteCount)
            precondition(memory != nil, "out of memory for \(byteCount) bytes of windows")
            self.byteCount = byteCount
        }

        func base<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
            memory?.assumingMemoryBound(to: type) ?? Self.empty(type)
        }

        /// A place that is never read or written, for columns without memory.
        static func empty<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
            UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped
        }

        deinit { memory_free(memory, byteCount) }
    }
}

// SAFETY: elements are plain values; memory that is shared is never written (`makeUnique`).
extension Column: @unchecked Sendable {}
