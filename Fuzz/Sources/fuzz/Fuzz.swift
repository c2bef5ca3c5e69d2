import CFuzzer

/// Feeds libFuzzer's inputs to one reader: `fuzz TARGET [libFuzzer's arguments]`.
///
/// `fuzz seeds FOLDER` writes encoded models and packs made of the other targets' corpora.
@main
struct Fuzz {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else { stop(usage) }
        if name == "seeds" {
            guard let folder = arguments.dropFirst().first else { stop(usage) }
            do {
                try Seeds.write(into: folder)
            } catch {
                stop("fuzz: cannot write seeds into \(folder): \(error)")
            }
            return
        }
        guard let target = FuzzTarget(rawValue: name) else { stop(usage) }
        exit(run(target))
    }

    private static let usage =
        "usage: fuzz (" + FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
        + ") [libFuzzer's arguments] | fuzz seeds CORPUS_FOLDER"

    /// Hands over to libFuzzer, whose arguments begin after the target's name.
    private static func run(_ target: FuzzTarget) -> CInt {
        let argv = CommandLine.unsafeArgv
        var count = CommandLine.argc - 1
        argv[1] = argv[0]
        var rest = argv + 1
        // A C function captures nothing, so each target has its own.
        switch target {
        case .pickle, .joblib:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, SklearnTarget.run) }
        case .onnx:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, ONNXTarget.run) }
        case .pack:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, PackTarget.run) }
        case .model:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, ModelTarget.run) }
        case .json:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, EventsTarget.json) }
        case .ndjson:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, EventsTarget.ndjson) }
        case .csv:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, EventsTarget.csv) }
        case .line:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, EventsTarget.line) }
        case .body:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, BodyTarget.run) }
        case .payload:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, BodyTarget.payloads) }
        case .parquet:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, ParquetTarget.run) }
        case .mqtt:
            return LLVMFuzzerRunDriver(&count, &rest) { Fuzz.feed($0, $1, BodyTarget.mqtt) }
        }
    }

    /// Runs one input from a copy that begins at a multiple of 16 and ends where the input does.
    private static func feed(
        _ input: UnsafePointer<UInt8>?,
        _ count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> CInt {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { copy.deallocate() }
        if let input { copy.copyMemory(from: UnsafeRawBufferPointer(start: input, count: count)) }
        body(UnsafeRawBufferPointer(copy))
        return 0
    }
}

/// What reads the inputs.
enum FuzzTarget: String, CaseIterable {
    /// scikit-learn models: plain pickles, and joblib files with and without compression.
    case pickle, joblib
    case onnx
    /// A pack whose hashes are not compared, since no changed input would get past them.
    case pack
    /// One model's packed bytes.
    case model
    /// Bodies of events.
    case json, ndjson, csv, line
    /// Parquet files of events.
    case parquet
    /// A compressed body behind a byte that chooses its encoding.
    case body
    /// Payloads of messages, with zeros between them.
    case payload
    /// Packets of a broker behind a byte that chooses the session's state.
    case mqtt
}
