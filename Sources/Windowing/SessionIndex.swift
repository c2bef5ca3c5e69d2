/// Sessions of all series in the order of series and start: a treap through the slots.
///
/// Of equal starts the one inserted later is later. A session in it may grow towards its
/// neighbours as long as it does not pass them.
///
/// - Complexity: O(log n) a call on average, whatever the order of insertion.
struct SessionIndex: Sendable {
    private struct Node: BitwiseCopyable {
        var left: Int32 = -1
        var right: Int32 = -1
        var parent: Int32 = -1
    }

    private var nodes = Column<Node>()
    private var root: Int32 = -1

    var isEmpty: Bool { root < 0 }

    mutating func makeUnique() { nodes.makeUnique() }

    /// The last session of a series that starts at or before a time; -1 when there is none.
    func last(of series: UInt32, through time: Int64, _ pool: borrowing SlotPool) -> Int32 {
        var result: Int32 = -1
        var node = root
        while node >= 0 {
            if Self.isAfter(node, series, time, pool) {
                node = nodes[Int(node)].left
            } else {
                result = node
                node = nodes[Int(node)].right
            }
        }
        return result >= 0 && pool.slots.base[Int(result)].series == series ? result : -1
    }

    /// The first session of a series that starts after a time; -1 when there is none.
    func first(of series: UInt32, after time: Int64, _ pool: borrowing SlotPool) -> Int32 {
        var result: Int32 = -1
        var node = root
        while node >= 0 {
            if Self.isAfter(node, series, time, pool) {
                result = node
                node = nodes[Int(node)].left
            } else {
                node = nodes[Int(node)].right
            }
        }
        return result >= 0 && pool.slots.base[Int(result)].series == series ? result : -1
    }

    /// The session before one in the order, of the same series; -1 when there is none.
    func previous(_ slot: Int32, _ pool: borrowing SlotPool) -> Int32 {
        var node = nodes[Int(slot)].left
        if node >= 0 {
            while nodes[Int(node)].right >= 0 { node = nodes[Int(node)].right }
        } else {
            var child = slot
            node = nodes[Int(child)].parent
            while node >= 0, nodes[Int(node)].left == child {
                child = node
                node = nodes[Int(node)].parent
            }
        }
        guard node >= 0 else { return -1 }
        return pool.slots.base[Int(node)].series == pool.slots.base[Int(slot)].series ? node : -1
    }

    mutating func insert(_ slot: Int32, _ pool: borrowing SlotPool) {
        nodes.grow(to: Int(slot) + 1, filledWith: Node())
        nodes.base[Int(slot)] = Node()
        guard root >= 0 else {
            root = slot
            return
        }
        let window = pool[slot]
        var parent = root
        while true {
            let isAfter = Self.isAfter(parent, window.series, window.start, pool)
            let child = isAfter ? nodes[Int(parent)].left : nodes[Int(parent)].right
            guard child < 0 else {
                parent = child
                continue
            }
            if isAfter {
                nodes.base[Int(parent)].left = slot
            } else {
                nodes.base[Int(parent)].right = slot
            }
            nodes.base[Int(slot)].parent = parent
            break
        }
        while true {
            let parent = nodes[Int(slot)].parent
            guard parent >= 0, Self.priority(slot) > Self.priority(parent) else { return }
            rotateUp(slot)
        }
    }

    mutating func remove(_ slot: Int32) {
        while true {
            let node = nodes[Int(slot)]
            if node.left >= 0, node.right >= 0 {
                let isLeft = Self.priority(node.left) > Self.priority(node.right)
                rotateUp(isLeft ? node.left : node.right)
                continue
            }
            let child = node.left >= 0 ? node.left : node.right
            if child >= 0 { nodes.base[Int(child)].parent = node.parent }
            replaceChild(of: node.parent, slot, with: child)
            return
        }
    }

    @inline(__always)
    private static func isAfter(
        _ node: Int32,
        _ series: UInt32,
        _ time: Int64,
        _ pool: borrowing SlotPool
    ) -> Bool {
        let slot = pool.slots.base + Int(node)
        return slot.pointee.series == series
            ? slot.pointee.start > time : slot.pointee.series > series
    }

    private static func priority(_ slot: Int32) -> UInt64 {
        var h = (UInt64(UInt32(bitPattern: slot)) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        h = (h ^ (h >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return h ^ (h >> 32)
    }

    private mutating func replaceChild(of parent: Int32, _ old: Int32, with new: Int32) {
        if parent < 0 {
            root = new
        } else if nodes[Int(parent)].left == old {
            nodes.base[Int(parent)].left = new
        } else {
            nodes.base[Int(parent)].right = new
        }
    }

    /// Makes a node the parent of its parent.
    private mutating func rotateUp(_ slot: Int32) {
        let parent = nodes[Int(slot)].parent
        let grandparent = nodes[Int(parent)].parent
        let isLeft = nodes[Int(parent)].left == slot
        let inner = isLeft ? nodes[Int(slot)].right : nodes[Int(slot)].left
        if isLeft {
            nodes.base[Int(parent)].left = inner
            nodes.base[Int(slot)].right = parent
        } else {
            nodes.base[Int(parent)].right = inner
            nodes.base[Int(slot)].left = parent
        }
        if inner >= 0 { nodes.base[Int(inner)].parent = parent }
        nodes.base[Int(parent)].parent = slot
        nodes.base[Int(slot)].parent = grandparent
        replaceChild(of: grandparent, parent, with: slot)
    }
}
