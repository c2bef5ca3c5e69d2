import Client
import Core
import FoundationEssentials

/// Reads the registry's entries from a JSON list.
///
/// A key that means nothing is refused: an entry replaces the one before, which would lose what
/// was meant.
enum RegistryList {
    /// - Throws: ``FleetError`` `.invalidArgument` naming the entry and the key.
    static func parse(_ bytes: [UInt8]) throws -> [RegistryInfo] {
        do {
            return try JSONDecoder().decode([Entry].self, from: Data(bytes)).map(\.info)
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(
                .invalidArgument,
                "the body is no list of registry entries",
                hint: "send [{\"device\": …, \"sensor\": …, \"unit\": …}], or CSV as text/csv",
                cause: error
            )
        }
    }

    private struct Entry: Decodable {
        let info: RegistryInfo

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            let wrong = values.allKeys.map(\.stringValue).filter { !RegistryInfo.keys.contains($0) }
            if let key = wrong.min() {
                let number = (decoder.codingPath.last?.intValue ?? 0) + 1
                let device = try values.decodeIfPresent(String.self, forKey: Key("device"))
                throw FleetError(
                    .invalidArgument,
                    "entry \(number)\(device.map { " (\"\($0)\")" } ?? "") has the unknown key "
                        + "\"\(key.prefix(80))\"",
                    hint: DidYouMean.hint(for: key, among: RegistryInfo.keys)
                )
            }
            info = try RegistryInfo(from: decoder)
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}
