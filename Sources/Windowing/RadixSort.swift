/// Sorts numbers by their upper halves, keeping the order of equal ones.
///
/// - Complexity: O(n) for halves below 2^22; the scratch is kept by the caller.
enum RadixSort {
    /// Sorts by the bits above 32, of which those from `bitCount` up are zero.
    static func sort(_ items: inout [UInt64], bitCount: Int, scratch: inout [UInt64]) {
        if items.count < 64 {
            insertionSort(&items)
            return
        }
        let digitBits = 11
        if scratch.count < items.count {
            scratch = Array(repeating: 0, count: max(items.count, scratch.count * 2))
        }
        var counts = [Int](repeating: 0, count: 1 << digitBits)
        var shift = 32
        while shift < 32 + bitCount {
            pass(&items, shift: shift, digitBits: digitBits, &scratch, &counts)
            shift += digitBits
        }
    }

    private static func pass(
        _ items: inout [UInt64],
        shift: Int,
        digitBits: Int,
        _ scratch: inout [UInt64],
        _ counts: inout [Int]
    ) {
        let mask = (1 << digitBits) - 1
        let count = items.count
        items.withUnsafeMutableBufferPointer { items in
            scratch.withUnsafeMutableBufferPointer { scratch in
                counts.withUnsafeMutableBufferPointer { counts in
                    counts.update(repeating: 0)
                    for index in 0..<count {
                        let digit = Int(truncatingIfNeeded: items[index] >> UInt64(shift)) & mask
                        counts[digit] &+= 1
                    }
                    var place = 0
                    for digit in 0...mask {
                        let size = counts[digit]
                        counts[digit] = place
                        place &+= size
                    }
                    for index in 0..<count {
                        let item = items[index]
                        let digit = Int(truncatingIfNeeded: item >> UInt64(shift)) & mask
                        scratch[counts[digit]] = item
                        counts[digit] &+= 1
                    }
                    for index in 0..<count { items[index] = scratch[index] }
                }
            }
        }
    }

    private static func insertionSort(_ items: inout [UInt64]) {
        guard items.count > 1 else { return }
        for index in 1..<items.count {
            let item = items[index]
            var place = index
            while place > 0, items[place - 1] >> 32 > item >> 32 {
                items[place] = items[place - 1]
                place -= 1
            }
            items[place] = item
        }
    }
}
