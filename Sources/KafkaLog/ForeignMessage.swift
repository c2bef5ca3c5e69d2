package import Core

/// A message of the topic that another program wrote.
package struct ForeignMessage {
    /// Only valid during the call that gets it.
    package let value: UnsafeRawBufferPointer
    /// The message's key, often the device, empty when it has none; only valid during the call.
    package let key: UnsafeRawBufferPointer
    /// When it was written: the time of events that name none; nil when nobody says.
    ///
    /// The same whenever the message is read: the broker's or the producer's millisecond, and
    /// within it the offset modulo 1000 as microseconds, since two readings of a series at one time
    /// are a repetition.
    package let time: Timestamp?

    /// The time of the message at an offset; nil when it has none.
    package static func time(milliseconds: Int64, offset: Int64) -> Timestamp? {
        let (time, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
        guard milliseconds >= 0, !overflow, time < Timestamp.distantFuture.microseconds else {
            return nil
        }
        return Timestamp(microseconds: time + max(0, offset) % 1000)
    }
}

/// Why a message, or an event in it, is not in the log.
package struct ForeignReject: Sendable, Equatable {
    /// Such as `malformed`, as metrics and the dead letter name it.
    package let reason: String
    /// The offending text, at most 200 bytes.
    package let sample: String
    /// Events it stands for.
    package let count: Int

    package init(reason: String, sample: String, count: Int = 1) {
        self.reason = reason
        self.sample = sample
        self.count = count
    }
}

/// Appends the events of a message in a format of its own to a batch; returns what was wrong.
///
/// Called on the log's reading thread. It must append nothing but new rows, and never trap.
package typealias ForeignDecoder =
    @Sendable (_ message: ForeignMessage, _ events: inout EventBatch) -> [ForeignReject]

/// Something on the topic that was not taken in.
///
/// Reading the same offsets again, as after a restart, reports it again.
package struct KafkaReject: Sendable, Equatable {
    package let partition: Int
    package let offset: Int64
    package let time: Timestamp
    package let reject: ForeignReject
}

extension KafkaReject {
    /// An event on another partition than the hash of its device says.
    static let wrongPartition = "wrong_partition"
    /// A message of the log that fails its checksum or is of a version that is not known.
    static let damaged = "damaged_message"
    /// A message of others, and no decoder for it.
    static let unknownFormat = "unknown_format"
}
