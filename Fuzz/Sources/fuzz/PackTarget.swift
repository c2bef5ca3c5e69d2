import Core
import Inference
import Packs

/// Opens what may be a pack and reads everything in it.
enum PackTarget {
    private static let modelCountMax = 64

    static func run(_ bytes: UnsafeRawBufferPointer) {
        do {
            let pack = try PackReader(
                bytes: bytes,
                owner: Nobody(),
                name: "input",
                checkingHashes: false
            )
            walk(pack)
            // Compares hashes, which few changed inputs survive.
            try pack.verify()
        } catch let error as FleetError {
            require(!error.message.isEmpty, "a refusal says why")
        } catch {
            fail("a pack is refused by another error: \(error)")
        }
    }

    private static func walk(_ pack: PackReader) {
        for index in pack.indices.prefix(modelCountMax) {
            let key = pack.key(at: index)
            _ = pack.find(key)
            _ = pack.find(key, from: index / 2)
            _ = pack.range(from: key, to: nil)
            _ = pack.family(at: index)
            attempt { try pack.findings(at: index) }
            attempt { try pack.description(at: index) }
            attempt { try pack.sourcePath(at: index) }
            attempt { try pack.sourceDigest(at: index).hex + pack.digest(at: index) }
            attempt { try pack.withModel(at: index) { Scoring.check($0) } }
        }
    }

    /// Reads one thing, which may be refused.
    private static func attempt<Value>(_ body: () throws -> Value) {
        do {
            _ = try body()
        } catch let error as FleetError {
            require(!error.message.isEmpty, "a refusal says why")
        } catch {
            fail("a model is refused by another error: \(error)")
        }
    }

    /// The owner of bytes that outlive the reader anyway.
    private final class Nobody: Sendable {}
}
