import Inference
import Testing

@Suite("Opening packed models")
struct ModelViewTests {
    @Test("A view says what was packed")
    func opens() throws {
        try Self.block().withUnsafeBytes { bytes in
            let view = try ModelView(validating: bytes)
            #expect(view.featureCount == 2)
            #expect(view.stageCount == 4)
            #expect(view.family == SupportVectorMachine.code)
            let stages = try view.stageDescriptions()
            #expect(stages[3].facts.contains(ModelFact("support_vectors", "11")))
            #expect(stages[3].facts.contains(ModelFact("kernel", "poly")))
            #expect(view.byteCount == bytes.count)
        }
    }

    @Test("A model cut short or with bytes behind it is refused")
    func truncated() throws {
        let block = try Self.block()
        for count in 0..<block.count {
            #expect(throws: InferenceError.self, "\(count) bytes") {
                try Array(block[..<count]).withUnsafeBytes {
                    _ = try ModelView(validating: $0)
                }
            }
        }
        #expect(throws: InferenceError.self) {
            try (block + [0]).withUnsafeBytes { _ = try ModelView(validating: $0) }
        }
    }

    @Test("Bytes at an odd address are refused")
    func misaligned() throws {
        let block = try [0] + Self.block()
        let error = #expect(throws: InferenceError.self) {
            try block.withUnsafeBytes {
                _ = try ModelView(validating: UnsafeRawBufferPointer(rebasing: $0[1...]))
            }
        }
        #expect(error?.message == "the bytes are not at a multiple of 8")
    }

    @Test("Any corrupt byte is refused or scored without a crash")
    func flipped() throws {
        let block = try Self.block()
        var scratch = ScoringScratch()
        var refused = 0
        for index in block.indices {
            for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                var corrupt = block
                corrupt[index] ^= mask
                do {
                    _ = try scored(corrupt, [1, 2, 3, 4], rowCount: 2, scratch: &scratch)
                } catch is InferenceError {
                    refused += 1
                }
            }
        }
        #expect(refused > 100)
    }

    @Test("Random bytes behind a valid beginning never crash")
    func random() throws {
        let block = try Self.block()
        var scratch = ScoringScratch()
        var answers = 0
        for seed in UInt64(1)...3000 {
            var random = SeededGenerator(seed: seed)
            var corrupt = block
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                corrupt[Int.random(in: 8..<160, using: &random)] =
                    [0, 1, 0x7F, 0xFF, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            do {
                _ = try scored(corrupt, [1, 2, 3, 4], rowCount: 2, scratch: &scratch)
                answers += 1
            } catch is InferenceError {
                answers += 1
            }
        }
        #expect(answers == 3000)
    }

    static func block() throws -> [UInt8] {
        var random = SeededGenerator(seed: 6)
        return try ModelEncoder.encode(
            ModelSamples.random(
                .polynomial,
                features: 2,
                vectors: 11,
                steps: [
                    Standardize(center: [1, 2], scale: [3, 4]),
                    Rescale(scale: [1, 2], offset: [0.5, 0.25], clip: -3...3),
                    Project(
                        mean: [0, 1],
                        components: [1, 2, 3, 4, 5, 6],
                        outputCount: 3,
                        scale: [1, 2, 3]
                    ),
                ],
                columns: 3,
                using: &random
            )
        )
    }
}
