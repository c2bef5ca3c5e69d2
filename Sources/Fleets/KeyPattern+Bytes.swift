import Core
import Packs

extension KeyPattern {
    /// Calls the closure with every key that a name can mean, the longest device first.
    ///
    /// Makes no text and no array unless the name is percent-encoded; the bytes are valid inside
    /// the closure, which answers whether to go on.
    func forEachKey(in name: UnsafeRawBufferPointer, _ body: (KeyBytes) -> Bool) {
        guard !name.contains(0x25) else {
            for key in keys(in: String(decoding: name, as: UTF8.self)) {
                guard key.withKeyBytes(body) else { return }
            }
            return
        }
        guard name.count >= shape.front.count + shape.back.count,
            name.starts(with: shape.front),
            name.suffix(shape.back.count).elementsEqual(shape.back)
        else { return }
        let inner = UnsafeRawBufferPointer(
            rebasing: name[shape.front.count..<(name.count - shape.back.count)]
        )
        guard let middle = shape.middle else {
            _ = report(inner, nil, shape, body)
            return
        }
        guard inner.count >= middle.count + 2 else { return }
        // The longest device comes first, wherever the device stands.
        var split = shape.deviceIsFirst ? inner.count - middle.count - 1 : 1
        while split >= 1, split <= inner.count - middle.count - 1 {
            let rest = UnsafeRawBufferPointer(rebasing: inner[split...])
            if rest.starts(with: middle) {
                let second = UnsafeRawBufferPointer(rebasing: rest[middle.count...])
                let first = UnsafeRawBufferPointer(rebasing: inner[..<split])
                guard report(first, second, shape, body) else { return }
            }
            split += shape.deviceIsFirst ? -1 : 1
        }
    }

    /// A pattern as texts around its one or two names.
    struct Shape: Sendable, Equatable {
        var front: [UInt8] = []
        /// Between the two names; nil when there is one name.
        var middle: [UInt8]?
        var back: [UInt8] = []
        var deviceIsFirst = false
        var hasDevice = false
        let defaultDevice: [UInt8]

        init(_ pieces: [Piece], defaultDevice: String) {
            self.defaultDevice = Array(defaultDevice.utf8)
            var names = 0
            for piece in pieces {
                switch piece {
                case .text(let text):
                    if names == 0 { front = text } else { back = text }
                case .device, .sensor:
                    if names == 1 {
                        middle = back
                        back = []
                    }
                    if piece == .device {
                        deviceIsFirst = names == 0
                        hasDevice = true
                    }
                    names += 1
                }
            }
        }
    }

    /// Hands a reading on when it is a valid key; answers whether to go on.
    private func report(
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer?,
        _ shape: Shape,
        _ body: (KeyBytes) -> Bool
    ) -> Bool {
        guard SeriesKey.isAllowed(first) else { return true }
        guard let second else {
            if shape.hasDevice {
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                return body(KeyBytes(device: first, sensor: none))
            }
            return shape.defaultDevice.withUnsafeBytes { device in
                guard SeriesKey.isAllowed(device) else { return true }
                return body(KeyBytes(device: device, sensor: first))
            }
        }
        guard SeriesKey.isAllowed(second) else { return true }
        return shape.deviceIsFirst
            ? body(KeyBytes(device: first, sensor: second))
            : body(KeyBytes(device: second, sensor: first))
    }
}
