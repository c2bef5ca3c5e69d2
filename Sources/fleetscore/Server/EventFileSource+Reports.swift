import Client
import Service
import Wire

extension EventFileSource {
    /// A header line that is longer helps nobody.
    private static let contextByteCountMax = 65_536

    /// What to tell of a text's rejected events; nil when there are none.
    static func report(
        _ decoded: DecodedEvents,
        _ reading: EventReading,
        _ name: String
    ) -> RejectedReport? {
        guard decoded.rejectedCount > 0 else { return nil }
        let context = decoded.context.flatMap {
            $0.utf8.count <= contextByteCountMax ? $0 : nil
        }
        return RejectedReport(
            format: reading.text,
            context: context,
            counts: decoded.rejectedByReason,
            events: decoded.rejected.map {
                .init(
                    reason: $0.reason.rawValue,
                    message: "\(lastPart(name)) line \($0.line): \($0.message)",
                    text: $0.text
                )
            }
        )
    }

    /// What to tell of a table's rejected readings; nil when there are none.
    static func report(_ table: ParquetEvents, _ name: String) -> RejectedReport? {
        guard table.rejectedCount > 0 else { return nil }
        return RejectedReport(
            format: nil,
            context: nil,
            counts: table.rejectedByReason,
            events: table.rejected.map {
                .init(
                    reason: $0.reason.rawValue,
                    message: "\(lastPart(name)) row \($0.row): \($0.message)",
                    text: nil
                )
            }
        )
    }

    /// The file's own name: from whatever folder it is sent, it is the same file.
    private static func lastPart(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
