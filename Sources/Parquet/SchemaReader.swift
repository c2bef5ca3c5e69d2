/// Turns the footer's flat list of schema elements into columns.
struct SchemaReader {
    private var elements: [ThriftStructure]
    private var position = 1
    private var leafCount = 0
    private(set) var columns: [ReadColumn] = []

    /// - Throws: ``ParquetError`` `.corrupt` when the elements do not form a tree.
    init(_ elements: [ThriftStructure]) throws {
        self.elements = elements
        guard let root = elements.first else { throw ParquetError.corrupt("it has no schema") }
        for _ in 0..<(try childCount(root)) { columns.append(try readColumn()) }
        guard position == elements.count else {
            throw ParquetError.corrupt("its schema has loose ends")
        }
    }

    private func childCount(_ element: ThriftStructure) throws -> Int {
        let count = try element.int(5) ?? 0
        guard count >= 0, count <= Int64(elements.count) else {
            throw ParquetError.corrupt("a schema node with \(count) children")
        }
        return Int(count)
    }

    private mutating func readColumn() throws -> ReadColumn {
        let start = position
        let firstLeaf = leafCount
        try skipNode(depth: 0)
        let nodes = elements[start..<position]
        guard let top = nodes.first, let name = try top.string(4) else {
            throw ParquetError.corrupt("a column has no name")
        }
        var column = ReadColumn(name: name, leafIndex: firstLeaf)
        let repetition = try top.int(3) ?? 0
        guard repetition == 0 || repetition == 1 else {
            column.unsupported = "a repeated column outside a list"
            return column
        }
        if nodes.count == 1 {
            try readLeaf(top, isOptional: repetition == 1, into: &column)
        } else {
            try readList(Array(nodes), isOptional: repetition == 1, into: &column)
        }
        return column
    }

    private mutating func skipNode(depth: Int) throws {
        guard position < elements.count, depth < 64 else {
            throw ParquetError.corrupt("its schema is cut off")
        }
        let element = elements[position]
        position += 1
        let count = try childCount(element)
        if count == 0 { leafCount += 1 }
        for _ in 0..<count { try skipNode(depth: depth + 1) }
    }

    private func readLeaf(
        _ leaf: ThriftStructure,
        isOptional: Bool,
        into column: inout ReadColumn
    ) throws {
        guard let type = try leaf.int(1), let physical = PhysicalType(rawValue: type) else {
            throw ParquetError.corrupt("column \"\(column.name)\" has no known physical type")
        }
        let converted = try leaf.int(6)
        let logical = try leaf.structure(10)
        let logicalKind = logical?.fields.first?.id
        column.physical = physical
        column.definitionMax = isOptional ? 1 : 0
        func found(_ kind: ParquetKind) {
            column.field = ParquetField(column.name, kind, isOptional: isOptional)
        }
        let isPlain = converted == nil && logicalKind == nil
        let isInteger = logicalKind == nil || logicalKind == 10
        switch physical {
        case .boolean where isPlain: found(.boolean)
        case .float where isPlain, .double where isPlain: found(.double)
        case .int32 where isInteger && [nil, 11, 12, 15, 16, 17].contains(converted):
            found(.int32)
        case .int32 where isInteger && converted == 13:
            column.isUnsigned = true
            found(.int64)
        case .int64 where isInteger && [nil, 18].contains(converted): found(.int64)
        case .int96 where isPlain: found(.timestamp)
        case .int32, .int64, .fixedByteArray:
            if try Self.readDecimal(leaf, logical, into: &column) {
                found(.double)
            } else if physical == .int64, try Self.readTime(converted, logical, into: &column) {
                found(.timestamp)
            } else {
                column.unsupported = Self.unknown(physical, converted, logicalKind)
            }
        case .byteArray where converted == 0 || logicalKind == 1: found(.string)
        default: column.unsupported = Self.unknown(physical, converted, logicalKind)
        }
    }

    private static func unknown(_ type: PhysicalType, _ converted: Int64?, _ kind: Int?) -> String {
        "the type \(type), converted \(converted ?? -1), logical \(kind ?? 0)"
    }

    /// Whether the column holds decimals that can be read; if so, notes what their numbers mean.
    private static func readDecimal(
        _ leaf: ThriftStructure,
        _ logical: ThriftStructure?,
        into column: inout ReadColumn
    ) throws -> Bool {
        let decimal = try logical?.structure(5)
        guard try decimal != nil || leaf.int(6) == 5 else { return false }
        let scale = try decimal?.int(1) ?? leaf.int(7) ?? 0
        column.typeLength = try Int(leaf.int(2) ?? 0)
        let lengths = 1...ValueMeaning.decimalByteCountMax
        guard (0...ValueMeaning.decimalScaleMax).contains(scale),
            column.physical != .fixedByteArray || lengths.contains(column.typeLength)
        else { return false }
        column.unitsPerOne = (0..<scale).reduce(1.0) { power, _ in power * 10 }
        return true
    }

    /// Whether the column holds timestamps; if so, notes what their numbers mean.
    private static func readTime(
        _ converted: Int64?,
        _ logical: ThriftStructure?,
        into column: inout ReadColumn
    ) throws -> Bool {
        if let timestamp = try logical?.structure(8) {
            column.isLocalTime = try timestamp.bool(1) != true
            switch try timestamp.structure(2)?.fields.first?.id {
            case 1: column.microsecondsPerUnit = 1000
            case 2: column.microsecondsPerUnit = 1
            case 3: column.isInNanoseconds = true
            default: return false
            }
            return true
        }
        switch converted {
        case 9: column.microsecondsPerUnit = 1000
        case 10: column.microsecondsPerUnit = 1
        default: return false
        }
        return true
    }

    private func readList(
        _ nodes: [ThriftStructure],
        isOptional: Bool,
        into column: inout ReadColumn
    ) throws {
        let isList = try nodes[0].int(6) == 3 || nodes[0].structure(10)?.value(3) != nil
        guard isList, nodes.count == 3, try childCount(nodes[0]) == 1,
            try nodes[1].int(3) == 2, try childCount(nodes[1]) == 1
        else {
            column.unsupported = "a nested column that is not a list of numbers"
            return
        }
        let type = try nodes[2].int(1)
        let elementRepetition = try nodes[2].int(3) ?? 0
        guard let physical = PhysicalType(rawValue: type ?? -1),
            physical == .double || physical == .float, (0...1).contains(elementRepetition)
        else {
            column.unsupported = "a list of anything but doubles"
            return
        }
        column.physical = physical
        column.definitionMax = (isOptional ? 1 : 0) + 1 + UInt32(elementRepetition)
        column.field = ParquetField(column.name, .doubleList, isOptional: isOptional)
    }
}
