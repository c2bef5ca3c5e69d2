package import Core

/// Messages of a source as one byte buffer and, per message, where its parts lie in it.
///
/// A message is what came in one piece: an address (a topic), what the address says about device
/// and sensor, and a payload of one or many events. No message owns an object of its own.
package struct MessageBatch: Sendable {
    /// What is known about a message besides its bytes.
    package struct Marks: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// No template of the source names its address: it belongs in the dead letter.
        package static let isUnmatched = Marks(rawValue: 1)
        /// The payload was larger than the source takes; what is here is its beginning.
        package static let isTruncated = Marks(rawValue: 2)
    }

    /// Bytes of the largest message that a source takes whole, its address included.
    package static let messageByteCountMax = 1 << 20

    /// Where a message lies in ``bytes``; all but `start` counts from there.
    struct Place: Sendable {
        let start: Int
        let addressCount: Int
        let payloadStart: Int
        let payloadCount: Int
        /// At -1 when the address says nothing.
        let deviceStart: Int
        let deviceCount: Int
        let sensorStart: Int
        let sensorCount: Int
        let marks: Marks
    }

    private(set) var bytes: [UInt8] = []
    private(set) var places: [Place] = []
    private(set) var times: [Timestamp] = []

    package init() {}

    package var count: Int { places.count }
    package var isEmpty: Bool { places.isEmpty }
    /// The bytes of all addresses and payloads.
    package var byteCount: Int { bytes.count }

    /// Appends a message; `device` and `sensor` are ranges within the address.
    package mutating func append(
        address: UnsafeRawBufferPointer,
        device: Range<Int>?,
        sensor: Range<Int>?,
        payload: UnsafeRawBufferPointer,
        receivedAt: Timestamp,
        marks: Marks = []
    ) {
        precondition(
            max(device?.upperBound ?? 0, sensor?.upperBound ?? 0) <= address.count,
            "device and sensor lie within the address"
        )
        places.append(
            Place(
                start: bytes.count,
                addressCount: address.count,
                payloadStart: address.count,
                payloadCount: payload.count,
                deviceStart: device?.lowerBound ?? -1,
                deviceCount: device?.count ?? 0,
                sensorStart: sensor?.lowerBound ?? -1,
                sensorCount: sensor?.count ?? 0,
                marks: marks
            )
        )
        bytes.append(contentsOf: address)
        bytes.append(contentsOf: payload)
        times.append(receivedAt)
    }

    /// Appends a message with parts of its own; for twins, tests and sources that are slow anyway.
    package mutating func append(_ message: SourceMessage) {
        let address = message.address.utf8.count
        let device = message.device?.utf8.count
        let sensor = message.sensor?.utf8.count
        let named = (device ?? 0) + (sensor ?? 0)
        places.append(
            Place(
                start: bytes.count,
                addressCount: address,
                payloadStart: address + named,
                payloadCount: message.payload.count,
                deviceStart: device == nil ? -1 : address,
                deviceCount: device ?? 0,
                sensorStart: sensor == nil ? -1 : address + (device ?? 0),
                sensorCount: sensor ?? 0,
                marks: message.marks
            )
        )
        bytes += Array(message.address.utf8)
        bytes += Array((message.device ?? "").utf8)
        bytes += Array((message.sensor ?? "").utf8)
        bytes += message.payload
        times.append(message.receivedAt)
    }

    /// Gives views of all messages, which are valid within the call only.
    package func withViews<Result>(_ body: (MessageViews) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { buffer in
            try body(MessageViews(bytes: buffer, places: places, times: times))
        }
    }

    /// A message with parts of its own; for dead letters and tests.
    ///
    /// Bytes that are no UTF-8 become U+FFFD.
    package func message(at index: Int) -> SourceMessage {
        withViews { views in
            let view = views[index]
            return SourceMessage(
                address: String(decoding: view.address, as: UTF8.self),
                device: view.device.map { String(decoding: $0, as: UTF8.self) },
                sensor: view.sensor.map { String(decoding: $0, as: UTF8.self) },
                payload: Array(view.payload),
                receivedAt: view.receivedAt,
                marks: view.marks
            )
        }
    }
}

/// Borrowed views of a batch's messages.
///
/// Lifetime: the call of ``MessageBatch/withViews(_:)`` that gave it.
package struct MessageViews {
    let bytes: UnsafeRawBufferPointer
    let places: [MessageBatch.Place]
    let times: [Timestamp]

    package var count: Int { places.count }

    package subscript(index: Int) -> MessageView {
        let place = places[index]
        let address = part(place.start, place.addressCount)
        return MessageView(
            address: address,
            device: place.deviceStart < 0
                ? nil : part(place.start + place.deviceStart, place.deviceCount),
            sensor: place.sensorStart < 0
                ? nil : part(place.start + place.sensorStart, place.sensorCount),
            payload: part(place.start + place.payloadStart, place.payloadCount),
            receivedAt: times[index],
            marks: place.marks
        )
    }

    private func part(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
    }
}

/// One message, borrowed from its batch.
package struct MessageView {
    /// The topic, as the broker sent it.
    package let address: UnsafeRawBufferPointer
    /// What the address says; `nil` when it says nothing and the payload must.
    package let device: UnsafeRawBufferPointer?
    /// What the address says; `nil` when it says nothing and the payload must.
    package let sensor: UnsafeRawBufferPointer?
    package let payload: UnsafeRawBufferPointer
    package let receivedAt: Timestamp
    package let marks: MessageBatch.Marks
}

/// One message with parts of its own; for dead letters and tests, never for a hot path.
package struct SourceMessage: Sendable, Hashable {
    package let address: String
    package let device: String?
    package let sensor: String?
    package let payload: [UInt8]
    package let receivedAt: Timestamp
    package let marks: MessageBatch.Marks

    package init(
        address: String,
        device: String?,
        sensor: String?,
        payload: [UInt8],
        receivedAt: Timestamp,
        marks: MessageBatch.Marks = []
    ) {
        self.address = address
        self.device = device
        self.sensor = sensor
        self.payload = payload
        self.receivedAt = receivedAt
        self.marks = marks
    }
}
