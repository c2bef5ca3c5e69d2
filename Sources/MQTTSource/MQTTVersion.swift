/// The versions of the protocol that are spoken.
///
/// Source: OASIS MQTT 3.1.1 (2014) and MQTT 5.0 (2019), section 3.1.2.2.
package enum MQTTVersion: UInt8, Sendable, Hashable, CustomStringConvertible {
    case v311 = 4
    case v5 = 5

    package var description: String { self == .v5 ? "5" : "3.1.1" }
}

/// The kinds of control packet, by the upper half of a packet's first byte.
enum PacketKind: UInt8, Sendable {
    case connect = 1
    case connack, publish, puback, pubrec, pubrel, pubcomp, subscribe, suback, unsubscribe
    case unsuback, pingreq, pingresp, disconnect, auth

    /// The name of the packet in the specification.
    var name: String { "\(self)".uppercased() }
}
