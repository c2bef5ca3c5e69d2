import Core
import Parquet

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Gives texts numbers by their bytes, equal ones the same; for names of devices and sensors.
struct DistinctTexts {
    private(set) var texts = ParquetTexts()
    private var known = SeriesDictionary()
    /// Of each text that is known: its place among ``texts``.
    private var places: [UInt32] = []
    private var last: UInt32?

    /// The number of a text; a new one where it is new, or too long to be a name.
    mutating func number(of text: UnsafeRawBufferPointer) -> UInt32 {
        if let last, texts.isText(last, text) { return last }
        let number = find(text) ?? add(text)
        last = number
        return number
    }

    private mutating func find(_ text: UnsafeRawBufferPointer) -> UInt32? {
        guard text.count <= SeriesDictionary.partByteCountMax else { return nil }
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        let id = Int(known.insert(device: text, sensor: none))
        guard id == places.count else { return places[id] }
        places.append(UInt32(truncatingIfNeeded: texts.count))
        return nil
    }

    private mutating func add(_ text: UnsafeRawBufferPointer) -> UInt32 {
        texts.append(utf8: text)
        return UInt32(truncatingIfNeeded: texts.count - 1)
    }
}

extension ParquetTexts {
    /// Whether the bytes of a text are these.
    fileprivate func isText(_ index: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        withBytes(of: Int(index)) { text in
            guard text.count == bytes.count else { return false }
            guard let left = text.baseAddress, let right = bytes.baseAddress else { return true }
            return memcmp(left, right, text.count) == 0
        }
    }
}
