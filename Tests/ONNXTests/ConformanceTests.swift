import Testing

@Suite("ONNX conformance cases")
struct ConformanceTests {
    private static let isPresent = ConformanceCases.folder != nil

    @Test(
        "every case of the supported operators passes or is skipped with a reason",
        .enabled(if: isPresent, "FLEETSCORE_ONNX_CASES names no folder; scripts/test.sh sets it")
    )
    func cases() throws {
        let cases = try ConformanceCases.supported()
        let skipped = try ConformanceCases.skipped()
        #expect(cases.count > 400, "only \(cases.count) cases in \(ConformanceCases.folder ?? "")")
        var counts = (passed: 0, skipped: 0)
        for test in cases {
            let isSkipped = skipped.contains { ConformanceCases.fits(test.name, $0.pattern) }
            do {
                try ConformanceCases.run(test)
                counts.passed += 1
                #expect(!isSkipped, "\(test.name) passes: take it off skipped-cases.txt")
            } catch {
                counts.skipped += 1
                #expect(isSkipped, "\(test.name): \(error)")
            }
        }
        print("ONNX cases: \(counts.passed) passed, \(counts.skipped) skipped")
        for (pattern, _) in skipped {
            let isNeeded = cases.contains { ConformanceCases.fits($0.name, pattern) }
            #expect(isNeeded, "skipped-cases.txt: \(pattern) fits no case")
        }
    }
}
