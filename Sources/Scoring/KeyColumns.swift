import Core
import Parquet

/// The key columns of a file: texts are written once each, rows hold indexes.
struct KeyColumns {
    private var devices: TextDictionary
    private var sensors = TextDictionary()
    private var deviceOfKey: [UInt32] = []
    private var sensorOfKey: [UInt32] = []

    init(_ keys: [SeriesKey]) {
        devices = TextDictionary(capacity: keys.count)
        deviceOfKey = keys.map { devices.index(of: $0.device) }
        sensorOfKey = keys.map {
            $0.isDevice ? ParquetColumn.nullIndex : sensors.index(of: $0.sensor)
        }
    }

    func device(_ rows: some Collection<UInt32>) -> ParquetColumn {
        .string(dictionary: devices.texts, indices: rows.map { deviceOfKey[Int($0)] })
    }

    /// The sensor; null for device models.
    func sensor(_ rows: some Collection<UInt32>) -> ParquetColumn {
        .string(dictionary: sensors.texts, indices: rows.map { sensorOfKey[Int($0)] })
    }
}

/// Distinct texts in order of appearance, compared by bytes.
struct TextDictionary {
    private(set) var texts = ParquetTexts()
    private var hashes: [UInt64] = []
    /// 0 is empty, else index + 1; the size is a power of two.
    private var slots: [UInt32]

    init(capacity: Int = 0) {
        var size = 64
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
        texts.reserveCapacity(capacity)
        hashes.reserveCapacity(capacity)
    }

    mutating func index(of text: String) -> UInt32 {
        var text = text
        return text.withUTF8 { index(of: UnsafeRawBufferPointer($0)) }
    }

    private mutating func index(of text: UnsafeRawBufferPointer) -> UInt32 {
        let hash = XXHash64.hash(text)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot] - 1)
            let isSame =
                hashes[index] == hash && texts.byteCount(of: index) == text.count
                && texts.withBytes(of: index) { $0.elementsEqual(text) }
            if isSame { return UInt32(index) }
            slot = (slot + 1) & mask
        }
        texts.append(utf8: text)
        hashes.append(hash)
        slots[slot] = UInt32(texts.count)
        if texts.count * 2 > slots.count { grow() }
        return UInt32(texts.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index) + 1
        }
    }
}

/// Reads columns of a file by name and kind, naming what is missing.
struct ColumnReader {
    private let reader: ParquetReader
    private let file: String

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        self.file = file
        do {
            reader = try ParquetReader(bytes: bytes)
        } catch {
            throw FleetError(.dataLoss, "\(file) cannot be read", cause: error)
        }
    }

    /// A text of the file's metadata.
    func metadata(_ key: String) -> String? { reader.metadata(key) }

    private func column(_ name: String) throws -> ParquetColumn {
        do {
            return try reader.column(name)
        } catch {
            throw FleetError(.dataLoss, "\(file): column \(name) cannot be read", cause: error)
        }
    }

    private func mismatch(_ name: String) -> FleetError {
        FleetError(.dataLoss, "\(file): column \(name) has another type than expected")
    }

    func times(_ name: String) throws -> [Int64] {
        guard case .timestamp(let values, _) = try column(name) else { throw mismatch(name) }
        return values
    }

    func integers(_ name: String) throws -> [Int64] {
        guard case .int64(let values, _) = try column(name) else { throw mismatch(name) }
        return values
    }

    /// Doubles, NaN where null.
    func doubles(_ name: String) throws -> [Double] {
        guard case .double(let values, let validity) = try column(name) else {
            throw mismatch(name)
        }
        guard let validity else { return values }
        return zip(values, validity).map { $1 ? $0 : .nan }
    }

    func booleans(_ name: String) throws -> [Int8] {
        guard case .boolean(let values) = try column(name) else { throw mismatch(name) }
        return values
    }

    func texts(_ name: String) throws -> (dictionary: ParquetTexts, indices: [UInt32]) {
        guard case .string(let dictionary, let indices) = try column(name) else {
            throw mismatch(name)
        }
        return (dictionary, indices)
    }

    func lists(_ name: String) throws -> (values: [Double], offsets: [Int]) {
        guard case .doubleList(let values, let offsets, _) = try column(name) else {
            throw mismatch(name)
        }
        return (values, offsets)
    }

    /// The runs of equal keys: distinct keys in row order, and per row its key's position.
    func keys() throws -> (keys: [SeriesKey], rows: [UInt32]) {
        let devices = try texts("device")
        let sensors = try texts("sensor")
        var keys: [SeriesKey] = []
        var rows: [UInt32] = []
        rows.reserveCapacity(devices.indices.count)
        var last: (UInt32, UInt32)?
        for (device, sensor) in zip(devices.indices, sensors.indices) {
            if last?.0 != device || last?.1 != sensor {
                guard device != ParquetColumn.nullIndex else { throw mismatch("device") }
                keys.append(
                    SeriesKey(
                        uncheckedDevice: devices.dictionary[Int(device)],
                        sensor: sensor == ParquetColumn.nullIndex
                            ? "" : sensors.dictionary[Int(sensor)]
                    )
                )
                last = (device, sensor)
            }
            rows.append(UInt32(keys.count - 1))
        }
        return (keys, rows)
    }
}
