internal import Core

/// Tells what the fields of a JSON object mean by their names, over bytes.
struct FieldNames {
    /// Names other than the default ones, in lower case; nil when there are none.
    private let renamed: [(name: [UInt8], role: FieldRole)]?

    /// - Throws: ``FleetError`` `.invalidArgument` for a role that does not exist.
    init(_ options: DecodeOptions) throws {
        let roles = try options.renamedRoles()
        guard !roles.isEmpty else {
            renamed = nil
            return
        }
        var names: [(name: [UInt8], role: FieldRole)] = []
        for role in FieldRole.allCases {
            if let name = roles[role] {
                names.append((Self.lowercased(name), role))
            } else {
                names += role.defaultNames.filter { !roles.values.contains($0) }
                    .map { (Array($0.utf8), role) }
            }
        }
        renamed = names
    }

    /// The role of a field, nil when it has none.
    @inline(__always)
    func role(of name: UnsafePointer<UInt8>, _ count: Int) -> FieldRole? {
        guard let renamed else { return Self.defaultRole(of: name, count) }
        return renamed.first { entry in
            entry.name.count == count
                && (0..<count).allSatisfy { entry.name[$0] == Self.lowercased(name[$0]) }
        }?.role
    }

    /// The role of a default name in any letter case.
    ///
    /// Or-ing 0x20 makes letters lower case and makes no other byte a lower-case letter.
    @inline(__always)
    private static func defaultRole(of name: UnsafePointer<UInt8>, _ count: Int) -> FieldRole? {
        let raw = UnsafeRawPointer(name)
        switch count {
        case 2:
            return name[0] | 0x20 == 0x74 && name[1] | 0x20 == 0x73 ? .time : nil
        case 3:
            let word = word16(raw, 0)
            if word == 0x6174, name[2] | 0x20 == 0x67 { return .sensor }
            return word == 0x6176 && name[2] | 0x20 == 0x6C ? .value : nil
        case 4:
            return word32(raw, 0) == 0x656D_6974 ? .time : nil
        case 5:
            return word32(raw, 0) == 0x756C_6176 && name[4] | 0x20 == 0x65 ? .value : nil
        case 6:
            if word32(raw, 0) == 0x6976_6564 { return word16(raw, 4) == 0x6563 ? .device : nil }
            return word32(raw, 0) == 0x736E_6573 && word16(raw, 4) == 0x726F ? .sensor : nil
        case 9:
            return word32(raw, 0) == 0x656D_6974 && word32(raw, 4) == 0x6D61_7473
                && name[8] | 0x20 == 0x70 ? .time : nil
        default:
            return nil
        }
    }

    @inline(__always)
    private static func word32(_ raw: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return UInt32(littleEndian: word) | 0x2020_2020
    }

    @inline(__always)
    private static func word16(_ raw: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) | 0x2020
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    private static func lowercased(_ text: String) -> [UInt8] { text.utf8.map { lowercased($0) } }
}
