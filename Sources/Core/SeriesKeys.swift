/// The keys of a dictionary in the order of their ids; each is made when it is read.
public struct SeriesKeys: RandomAccessCollection, Sendable {
    let dictionary: SeriesDictionary

    public var startIndex: Int { 0 }
    public var endIndex: Int { dictionary.count }

    public subscript(id: Int) -> SeriesKey {
        dictionary.withBytes(of: UInt32(id)) { device, sensor in
            SeriesKey(
                uncheckedDevice: String(decoding: device, as: UTF8.self),
                sensor: String(decoding: sensor, as: UTF8.self)
            )
        }
    }
}

extension SeriesDictionary {
    /// The partition of a key's device among so many.
    public func partition(of id: UInt32, of count: Int) -> Int {
        withBytes(of: id) { device, _ in Int(XXHash64.hash(device) % UInt64(count)) }
    }
}

extension SeriesKey {
    /// The partition of this key's device: stable for ever for a given partition count.
    public func partition(of count: Int) -> Int {
        Int(XXHash64.hash(device) % UInt64(count))
    }
}
