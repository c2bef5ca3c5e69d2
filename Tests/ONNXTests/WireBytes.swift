/// Messages of the format, put together by hand.
struct WireBytes {
    var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(truncatingIfNeeded: rest)]
    }

    mutating func put(_ field: UInt64, _ value: Int64) {
        bytes += Self.varint(field << 3) + Self.varint(UInt64(bitPattern: value))
    }

    mutating func put(_ field: UInt64, _ content: [UInt8]) {
        bytes += Self.varint(field << 3 | 2) + Self.varint(UInt64(content.count)) + content
    }

    mutating func put(_ field: UInt64, _ text: String) { put(field, Array(text.utf8)) }

    static func make(_ body: (inout WireBytes) -> Void) -> [UInt8] {
        var wire = WireBytes()
        body(&wire)
        return wire.bytes
    }

    // The messages of a model, with the fields the tests need.

    static func model(
        graph: [UInt8],
        imports: [(String, Int64)] = [("", 18)],
        functions: [[UInt8]] = [],
        metadata: [(String, String)] = []
    ) -> [UInt8] {
        make { wire in
            wire.put(1, 10)
            wire.put(2, "exporter")
            wire.put(3, "1.2")
            wire.put(7, graph)
            for (domain, version) in imports { wire.put(8, opset(domain, version)) }
            for (key, value) in metadata {
                wire.put(
                    14,
                    make {
                        $0.put(1, key)
                        $0.put(2, value)
                    }
                )
            }
            for function in functions { wire.put(25, function) }
        }
    }

    static func opset(_ domain: String, _ version: Int64) -> [UInt8] {
        make {
            $0.put(1, domain)
            $0.put(2, version)
        }
    }

    static func graph(
        nodes: [[UInt8]],
        inputs: [[UInt8]] = [value("x")],
        outputs: [[UInt8]] = [value("y")],
        constants: [[UInt8]] = []
    ) -> [UInt8] {
        make { wire in
            for node in nodes { wire.put(1, node) }
            for constant in constants { wire.put(5, constant) }
            for input in inputs { wire.put(11, input) }
            for output in outputs { wire.put(12, output) }
        }
    }

    static func node(
        _ name: String,
        _ inputs: [String],
        _ outputs: [String],
        domain: String = "",
        attributes: [[UInt8]] = []
    ) -> [UInt8] {
        make { wire in
            for input in inputs { wire.put(1, input) }
            for output in outputs { wire.put(2, output) }
            wire.put(4, name)
            for attribute in attributes { wire.put(5, attribute) }
            if !domain.isEmpty { wire.put(7, domain) }
        }
    }

    /// A float input or output; a size of nil is open.
    static func value(_ name: String, _ shape: [Int64?]? = nil) -> [UInt8] {
        make { wire in
            wire.put(1, name)
            guard let shape else { return }
            let dimensions = make { wire in
                for size in shape {
                    wire.put(1, make { if let size { $0.put(1, size) } else { $0.put(2, "N") } })
                }
            }
            let tensor = make {
                $0.put(1, 1)
                $0.put(2, dimensions)
            }
            wire.put(2, make { $0.put(1, tensor) })
        }
    }

    static func graphAttribute(_ name: String, _ graph: [UInt8]) -> [UInt8] {
        make {
            $0.put(1, name)
            $0.put(6, graph)
            $0.put(20, 5)
        }
    }

    static func intAttribute(_ name: String, _ value: Int64) -> [UInt8] {
        make {
            $0.put(1, name)
            $0.put(3, value)
            $0.put(20, 2)
        }
    }

    /// The value of another attribute, which the caller of the function gives.
    static func reference(_ name: String, to other: String) -> [UInt8] {
        make {
            $0.put(1, name)
            $0.put(20, 2)
            $0.put(21, other)
        }
    }

    static func function(
        _ name: String,
        inputs: [String],
        outputs: [String],
        attributes: [String] = [],
        nodes: [[UInt8]]
    ) -> [UInt8] {
        make { wire in
            wire.put(1, name)
            for input in inputs { wire.put(4, input) }
            for output in outputs { wire.put(5, output) }
            for attribute in attributes { wire.put(6, attribute) }
            for node in nodes { wire.put(7, node) }
            wire.put(9, opset("", 18))
            wire.put(9, opset("own", 1))
            wire.put(10, "own")
        }
    }
}
