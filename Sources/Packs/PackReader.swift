package import Core
internal import Crypto
package import Inference

/// A pack, read where its bytes are; keeps no object for a model.
///
/// - Concurrency: any thread; the bytes are only read.
package struct PackReader: Sendable {
    /// How many models there are; indexes run from 0, in key order.
    package let count: Int

    // SAFETY: the bytes are never written and live as long as `owner`, which this value keeps.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let owner: any AnyObject & Sendable
    private let name: String
    private let indexOffset: Int

    /// Opens a pack after checking its header and all of its directory.
    ///
    /// Blocks and texts are checked whenever they are read.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming what is wrong; `.unsupported` for a newer one.
    package init(
        bytes: UnsafeRawBufferPointer,
        owner: any AnyObject & Sendable,
        name: String = "the pack"
    ) throws {
        let header = try PackValidation(bytes: bytes, name: name).check()
        self.bytes = bytes
        self.owner = owner
        self.name = name
        count = header.modelCount
        indexOffset = header.indexOffset
    }

    package var indices: Range<Int> { 0..<count }

    /// The key of a model.
    package func key(at index: Int) -> SeriesKey {
        let (device, sensor) = keyBytes(at: index)
        return SeriesKey(
            uncheckedDevice: String(decoding: device, as: UTF8.self),
            sensor: String(decoding: sensor, as: UTF8.self)
        )
    }

    /// The model at an index, checked against its hash; the view is valid while this reader lives.
    ///
    /// Prefer ``withModel(at:_:)``, which keeps the bytes alive.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key; `.invalidArgument` with the reason when
    ///   the model's file could not be decoded.
    package func block(at index: Int) throws -> ModelView {
        let block = blockBytes(at: index)
        guard !block.isEmpty else {
            throw FleetError(
                .invalidArgument,
                try findings(at: index).first?.message ?? "the model file could not be decoded"
            )
        }
        guard XXHash64.hash(block) == field64(index, PackLayout.entryBlockHash) else {
            throw damaged(index, "its numbers do not match their hash")
        }
        do {
            return try ModelView(validating: block)
        } catch {
            throw damaged(index, error.message)
        }
    }

    /// Runs with the model at an index, as ``block(at:)`` gives it.
    package func withModel<R>(at index: Int, _ body: (ModelView) throws -> R) throws -> R {
        try withExtendedLifetime(owner) { try body(block(at: index)) }
    }

    /// The SHA-256 of a model's numbers in hexadecimal: the `model_digest` of its predictions.
    package func digest(at index: Int) -> String {
        let start = entryOffset(index) + PackLayout.entryDigest
        let hex = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 2 * PackLayout.digestByteCount) { text in
            for (position, byte) in bytes.part(start, PackLayout.digestByteCount).enumerated() {
                text[2 * position] = hex[Int(byte >> 4)]
                text[2 * position + 1] = hex[Int(byte & 15)]
            }
            return 2 * PackLayout.digestByteCount
        }
    }

    /// What is known about a model besides its numbers.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func description(at index: Int) throws -> ModelDescription {
        let texts = try textBytes(at: index)
        do {
            return try PackText.decodeDescription(texts.description)
        } catch {
            throw damaged(index, "its description cannot be read")
        }
    }

    /// What the checks at import found.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func findings(at index: Int) throws -> [ModelFinding] {
        let texts = try textBytes(at: index)
        do {
            return try PackText.decodeFindings(texts.findings)
        } catch {
            throw damaged(index, "its findings cannot be read")
        }
    }

    /// Reads everything and compares every digest; scoring does not need it.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the first damaged model.
    package func verify() throws {
        for index in indices {
            if !blockBytes(at: index).isEmpty { _ = try block(at: index) }
            _ = try description(at: index)
            _ = try findings(at: index)
            let start = entryOffset(index) + PackLayout.entryDigest
            let stored = bytes.part(start, PackLayout.digestByteCount)
            guard SHA256.hash(data: Array(blockBytes(at: index))) == stored else {
                throw damaged(index, "its numbers do not match their digest")
            }
        }
    }

    func keyBytes(
        at index: Int
    ) -> (device: UnsafeRawBufferPointer, sensor: UnsafeRawBufferPointer) {
        let entry = entryOffset(index)
        let start = field(index, PackLayout.entryKeyOffset)
        let device = Int(
            bytes.integer(at: entry + PackLayout.entryDeviceByteCount, as: UInt16.self)
        )
        let sensor = Int(
            bytes.integer(at: entry + PackLayout.entrySensorByteCount, as: UInt16.self)
        )
        return (bytes.part(start, device), bytes.part(start + device, sensor))
    }

    private func blockBytes(at index: Int) -> UnsafeRawBufferPointer {
        bytes.part(
            field(index, PackLayout.entryBlockOffset),
            field(index, PackLayout.entryBlockByteCount)
        )
    }

    private func textBytes(
        at index: Int
    ) throws -> (description: UnsafeRawBufferPointer, findings: UnsafeRawBufferPointer) {
        let entry = entryOffset(index)
        let start = field(index, PackLayout.entryTextOffset)
        let description = Int(
            bytes.integer(at: entry + PackLayout.entryDescriptionByteCount, as: UInt32.self)
        )
        let findings = Int(
            bytes.integer(at: entry + PackLayout.entryFindingsByteCount, as: UInt32.self)
        )
        let both = bytes.part(start, description + findings)
        guard XXHash64.hash(both) == field64(index, PackLayout.entryTextHash) else {
            throw damaged(index, "its description does not match its hash")
        }
        return (both.part(0, description), both.part(description, findings))
    }

    private func entryOffset(_ index: Int) -> Int {
        precondition(indices.contains(index), "a model index is below the count of models")
        return indexOffset + index * PackLayout.entryByteCount
    }

    private func field64(_ index: Int, _ offset: Int) -> UInt64 {
        bytes.integer(at: entryOffset(index) + offset, as: UInt64.self)
    }

    /// An offset or byte count, which opening the pack found to lie inside.
    private func field(_ index: Int, _ offset: Int) -> Int {
        Int(truncatingIfNeeded: field64(index, offset))
    }

    private func damaged(_ index: Int, _ problem: String) -> FleetError {
        FleetError(
            .dataLoss,
            "the model \(key(at: index)) in \(name) is damaged: \(problem)",
            hint: "publish the fleet version again or restore the file"
        )
    }
}
