import Glibc
import Testing

@testable import Sklearn

@Suite("Damaged files")
struct DamagedFileTests {
    /// Every position is tried when FLEETSCORE_EXHAUSTIVE is set (half a minute), else every 8th.
    ///
    /// Each sample starts at another position, so that similar files together cover all of them.
    static func positions(_ path: String, _ count: Int) -> [Int] {
        let step = getenv("FLEETSCORE_EXHAUSTIVE") == nil ? 8 : 1
        let start = (samples.firstIndex(of: path) ?? 0) % step
        return Array(stride(from: start, to: count, by: step))
    }

    /// Small files of every format, and the reference models where they are at hand.
    static let samples: [String] = {
        var paths: [String] = []
        for version in Fixtures.versions {
            let formats = ["p0", "p2", "p4", "p5", "joblib", "zlib"]
            for format in formats {
                let file = format == "p0" || format == "p2" ? "rbf_bare" : "rbf_standard"
                paths.append("\(Fixtures.folder)/\(version)/\(file).\(format)")
            }
            paths.append("\(Fixtures.folder)/\(version)/rbf_names.joblib")
            paths.append("\(Fixtures.folder)/\(version)/rbf_names.p2")
        }
        return paths
            + ReferenceModels.names.map { "\(ReferenceModels.folder)/\($0)" }
    }()

    private func isDecoded(_ bytes: [UInt8], count: Int) -> Bool {
        bytes.withUnsafeBytes { buffer in
            do {
                _ = try SklearnDecoder.decode(
                    UnsafeRawBufferPointer(rebasing: buffer.prefix(count)),
                    name: "x"
                )
                return true
            } catch {
                return false
            }
        }
    }

    @Test("A file cut at any length is refused", arguments: samples)
    func truncated(path: String) throws {
        let bytes = try readFile(path)
        _ = try decode(bytes)
        // One expectation at the end: thousands of them cost more than the decoding.
        var accepted: [Int] = []
        for length in Self.positions(path, bytes.count) where isDecoded(bytes, count: length) {
            accepted.append(length)
        }
        #expect(accepted.isEmpty, "\(path)")
    }

    @Test("A file with any byte changed decodes or is refused", arguments: samples)
    func flipped(path: String) throws {
        var bytes = try readFile(path)
        var refused = 0
        let positions = Self.positions(path, bytes.count)
        for index in positions {
            let original = bytes[index]
            for pattern: UInt8 in [0x01, 0x80, 0xFF, 0x20] {
                bytes[index] = original ^ pattern
                if !isDecoded(bytes, count: bytes.count) { refused += 1 }
            }
            bytes[index] = original
        }
        // Most of a file is structure; a decoder that accepts nearly anything is broken.
        #expect(refused > positions.count / 2, "\(path)")
    }

    @Test("Random opcode soup decodes or is refused")
    func soup() {
        let opcodes: [UInt8] = [
            0x28, 0x30, 0x31, 0x32, 0x4B, 0x4E, 0x5D, 0x7D, 0x29, 0x85, 0x86, 0x87, 0x74, 0x6C,
            0x61, 0x65, 0x64, 0x73, 0x75, 0x8F, 0x90, 0x91, 0x94, 0x68, 0x81, 0x92, 0x52, 0x62,
            0x93, 0x88, 0x43, 0x8C, 0x71, 0x2E,
        ]
        let seed: UInt64 = 0x5EED
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let globals = [
            "cnumpy\ndtype\n", "cnumpy.core.multiarray\n_reconstruct\n", "cnumpy\nndarray\n",
            "cnumpy.core.multiarray\nscalar\n", "cnumpy._core.numeric\n_frombuffer\n",
            "c_codecs\nencode\n", "cjoblib.numpy_pickle\nNumpyArrayWrapper\n",
            "csklearn.pipeline\nPipeline\n", "csklearn.svm._classes\nOneClassSVM\n",
            "c__builtin__\nset\n", "cbuiltins\nbytes\n", "ccopyreg\n_reconstructor\n",
        ]
        var accepted: [Int] = []
        for round in 0..<5_000 {
            var bytes: [UInt8] = [0x80, 4]
            for _ in 0..<(4 + next(40)) {
                switch next(4) {
                case 0: bytes += Array(globals[next(globals.count)].utf8)
                case 1: bytes += [0x4B, UInt8(next(4))]
                default: bytes.append(opcodes[next(opcodes.count)])
                }
            }
            if isDecoded(bytes, count: bytes.count) { accepted.append(round) }
        }
        #expect(accepted.isEmpty, "seed \(seed)")
    }

    @Test("A file that inflates past the limit is refused", arguments: Fixtures.versions)
    func inflationLimit(version: String) throws {
        let bytes = try readFile("\(Fixtures.folder)/\(version)/rbf_standard.zlib")
        let whole = try bytes.withUnsafeBytes {
            try Decompression.unpack($0, .deflated, limit: 1 << 20)
        }
        #expect(whole.count > bytes.count)
        let error = #expect(throws: SklearnError.self) {
            try bytes.withUnsafeBytes {
                try Decompression.unpack($0, .deflated, limit: whole.count - 1)
            }
        }
        #expect(error?.kind == .limit)
    }

    @Test("A compressed file that stops inside a block is refused")
    func truncatedBlock() throws {
        // gzip header and a stored block longer than the file.
        let stored: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x01, 0xFF, 0xFF, 0x00, 0x00, 0x41,
        ]
        let error = #expect(throws: SklearnError.self) { try decode(stored) }
        #expect(error?.kind == .truncated)
    }
}
