import Sklearn
import Testing

/// Builds pickles byte by byte.
private struct Pickle {
    var bytes: [UInt8]

    init(_ bytes: [UInt8] = [0x80, 4]) {
        self.bytes = bytes
    }

    init(text: String) {
        bytes = Array(text.utf8)
    }

    static func + (pickle: Pickle, more: [UInt8]) -> Pickle { Pickle(pickle.bytes + more) }

    static func + (pickle: Pickle, more: String) -> Pickle { pickle + Array(more.utf8) }

    /// SHORT_BINUNICODE.
    func text(_ text: String) -> Pickle {
        self + ([0x8C, UInt8(text.utf8.count)] + Array(text.utf8))
    }

    /// GLOBAL.
    func global(_ module: String, _ name: String) -> Pickle { self + "c\(module)\n\(name)\n" }

    /// STACK_GLOBAL.
    func stackGlobal(_ module: String, _ name: String) -> Pickle {
        text(module).text(name) + [0x93]
    }

    func binInt(_ value: Int32) -> Pickle {
        let bits = UInt32(bitPattern: value)
        return self + ([0x4A] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
    }
}

@Suite("Hostile and damaged files end in an error, never in code or a crash")
struct HostileFileTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var kind: SklearnError.Kind
        var testDescription: String { name }
    }

    static let attacks: [Attack] = [
        Attack(
            name: "os.system by REDUCE",
            bytes: (Pickle().global("os", "system").text("touch /tmp/owned") + [0x85, 0x52, 0x2E])
                .bytes,
            kind: .refusedGlobal("os.system")
        ),
        Attack(
            name: "posix.system by protocol 0",
            bytes: Pickle(text: "cposix\nsystem\n(S'id'\ntR.").bytes,
            kind: .refusedGlobal("posix.system")
        ),
        Attack(
            name: "os.system by INST",
            bytes: Pickle(text: "(S'id'\nios\nsystem\n.").bytes,
            kind: .refusedGlobal("os.system")
        ),
        Attack(
            name: "INST of an allowed class",
            bytes: Pickle(text: "(inumpy\ndtype\n.").bytes,
            kind: .refusedOpcode("INST")
        ),
        Attack(
            name: "builtins.eval by STACK_GLOBAL",
            bytes: (Pickle().stackGlobal("builtins", "eval").text("1") + [0x85, 0x52, 0x2E]).bytes,
            kind: .refusedGlobal("builtins.eval")
        ),
        Attack(
            name: "subprocess",
            bytes: (Pickle().stackGlobal("subprocess", "Popen") + ".").bytes,
            kind: .refusedGlobal("subprocess.Popen")
        ),
        Attack(
            name: "getattr",
            bytes: (Pickle().global("__builtin__", "getattr") + ".").bytes,
            kind: .refusedGlobal("__builtin__.getattr")
        ),
        Attack(
            name: "code behind an sklearn name with dots",
            bytes: (Pickle().stackGlobal("sklearn.utils", "os.system") + ".").bytes,
            kind: .refusedGlobal("sklearn.utils.os.system")
        ),
        Attack(
            name: "sklearn.externals",
            bytes: (Pickle().stackGlobal("sklearn.externals.six", "exec_") + ".").bytes,
            kind: .refusedGlobal("sklearn.externals.six.exec_")
        ),
        Attack(
            name: "control characters in a name",
            bytes: (Pickle().stackGlobal("o\u{1B}[31m", "x\r\ny") + ".").bytes,
            kind: .refusedGlobal("o?[31m.x??y")
        ),
        Attack(
            name: "persistent id",
            bytes: (Pickle([0x80, 2]) + "Pnumber\n.").bytes,
            kind: .refusedOpcode("PERSID")
        ),
        Attack(
            name: "binary persistent id",
            bytes: (Pickle().text("a") + "Q.").bytes,
            kind: .refusedOpcode("BINPERSID")
        ),
        Attack(
            name: "out-of-band buffer",
            bytes: (Pickle() + [0x97, 0x2E]).bytes,
            kind: .refusedOpcode("NEXT_BUFFER")
        ),
        Attack(
            name: "extension code",
            bytes: (Pickle() + [0x82, 1, 0x2E]).bytes,
            kind: .refusedOpcode("EXT1")
        ),
        Attack(
            name: "encode to another codec",
            bytes: (Pickle().global("_codecs", "encode").text("x").text("zlib")
                + [0x86, 0x52, 0x2E]).bytes,
            kind: .malformed
        ),
        Attack(
            name: "a list that is called",
            bytes: (Pickle() + "])R.").bytes,
            kind: .malformed
        ),
        Attack(name: "empty file", bytes: [], kind: .truncated),
        Attack(name: "no pickle", bytes: Array("GIF89a".utf8), kind: .malformed),
        Attack(name: "STOP alone", bytes: [0x2E], kind: .malformed),
        Attack(name: "protocol 6", bytes: [0x80, 6, 0x2E], kind: .unsupported),
        Attack(
            name: "frame past the end",
            bytes: [0x80, 4, 0x95] + [UInt8](repeating: 0xFF, count: 8),
            kind: .truncated
        ),
        Attack(
            name: "text of 2^64-1 bytes",
            bytes: [0x80, 4, 0x8D] + [UInt8](repeating: 0xFF, count: 8),
            kind: .truncated
        ),
        Attack(
            name: "memo index of 4 billion",
            bytes: [0x80, 2, 0x4E, 0x72, 255, 255, 255, 255],
            kind: .limit
        ),
        Attack(
            name: "memo read before written",
            bytes: [0x80, 2, 0x68, 3, 0x2E],
            kind: .malformed
        ),
        Attack(
            name: "marks without end",
            bytes: [UInt8](repeating: 0x28, count: 20_000),
            kind: .limit
        ),
        Attack(
            name: "values without end",
            bytes: [0x80, 4] + [UInt8](repeating: 0x4E, count: 1_100_000),
            kind: .limit
        ),
        Attack(
            name: "old joblib with separate files",
            bytes: (Pickle().global("joblib.numpy_pickle", "NDArrayWrapper") + ".").bytes,
            kind: .unsupported
        ),
    ]

    @Test("Each attack is refused by its own name", arguments: attacks)
    func attackIsRefused(attack: Attack) {
        let error = #expect(throws: SklearnError.self) { try decode(attack.bytes, name: "x") }
        #expect(error?.kind == attack.kind, "\(error?.message ?? "")")
        let isOneLine = error?.message.utf8.allSatisfy { $0 >= 0x20 } ?? false
        #expect(isOneLine)
    }

    @Test("The message names what was asked for and says that nothing was run")
    func message() {
        let error = #expect(throws: SklearnError.self) {
            try decode(Pickle().global("os", "system").bytes, name: "pump_1")
        }
        #expect(
            error?.message == "refused to decode pump_1: the file asks for os.system, which is "
                + "not on the allow-list; nothing was run"
        )
    }

    @Test("A list nested a hundred thousand times is only a value of the wrong type")
    func deepNesting() {
        let bytes =
            [0x80, 4] + [UInt8](repeating: 0x5D, count: 100_000)
            + [UInt8](repeating: 0x61, count: 99_999) + [0x2E]
        let error = #expect(throws: SklearnError.self) { try decode(bytes) }
        #expect(error?.message.contains("is a list, not a fitted") == true)
    }

    @Test("A memo bomb and a list that holds itself are never expanded")
    func sharedAndCyclic() {
        // Thirty levels, each a list of ten times the level below.
        var bomb: [UInt8] = [0x80, 4, 0x5D, 0x94]
        for level in 0..<30 {
            bomb += [0x5D, 0x94, 0x28]
            for _ in 0..<10 { bomb += [0x68, UInt8(level)] }
            bomb += [0x65]
        }
        bomb += [0x2E]
        let error = #expect(throws: SklearnError.self) { try decode(bomb) }
        #expect(error?.kind == .unsupported)
        // memo 0 = []; append memo 0 to itself.
        let cyclic: [UInt8] = [0x80, 4, 0x5D, 0x94, 0x68, 0, 0x61, 0x2E]
        #expect(throws: SklearnError.self) { try decode(cyclic) }
    }

    @Test("A pipeline that is a step of itself ends at the nesting limit")
    func cyclicPipeline() {
        // Pipeline instance in memo 0, its state {"steps": [("again", <memo 0>)]}.
        let pickle =
            Pickle().global("sklearn.pipeline", "Pipeline") + [0x29, 0x81, 0x94, 0x7D]
        let steps = (pickle.text("steps") + [0x5D]).text("again") + [0x68, 0, 0x86, 0x61]
        let error = #expect(throws: SklearnError.self) {
            try decode((steps + [0x73, 0x62, 0x2E]).bytes)
        }
        #expect(error?.kind == .limit)
    }

    @Test("Pipelines that hold the same pipeline again and again end at the step limit")
    func pipelineBomb() {
        // memo 0 = the class, 1 = "steps"; memo n+2 = a pipeline of eight times the one before.
        var pickle = Pickle().global("sklearn.pipeline", "Pipeline") + [0x94, 0x30]
        pickle = pickle.text("steps") + [0x94, 0x30]
        pickle = pickle + [0x68, 0, 0x29, 0x81, 0x94, 0x7D, 0x68, 1, 0x5D, 0x73, 0x62, 0x30]
        for level in 0..<7 {
            pickle = pickle + [0x68, 0, 0x29, 0x81, 0x94, 0x7D, 0x68, 1, 0x5D, 0x28]
            for _ in 0..<8 { pickle = pickle + [0x68, 1, 0x68, UInt8(level + 2), 0x86] }
            pickle = pickle + [0x65, 0x73, 0x62, 0x30]
        }
        let error = #expect(throws: SklearnError.self) {
            try decode((pickle + [0x68, 8, 0x2E]).bytes)
        }
        #expect(error?.kind == .limit, "\(error?.message ?? "")")
    }

    @Test("An array that claims more than the file holds is refused", arguments: [2, 3, 40])
    func giganticArray(axes: Int) {
        var pickle = Pickle().global("numpy.core.multiarray", "_reconstruct")
            .global("numpy", "ndarray")
        pickle = pickle + [0x4B, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52, 0x28, 0x4B, 1, 0x28]
        for _ in 0..<axes { pickle = pickle.binInt(.max) }
        pickle = pickle + [0x74]
        pickle = pickle.global("numpy", "dtype").text("f8") + [0x89, 0x88, 0x87, 0x52]
        pickle = pickle + [0x89, 0x43, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x74, 0x62, 0x2E]
        let error = #expect(throws: SklearnError.self) { try decode(pickle.bytes) }
        // Two axes of 2^31-1 still fit 64 bits as a count, but not as bytes.
        #expect(error?.kind == .limit)
        #expect(error?.message.contains("array") == true, "\(error?.message ?? "")")
    }

    @Test("Text that is encoded again and again cannot fill the memory")
    func encodeBomb() {
        var pickle = Pickle().global("_codecs", "encode") + [0x94]
        pickle = pickle.text(String(repeating: "a", count: 250)) + [0x94]
        pickle = pickle.text("latin1") + [0x94]
        var bytes = pickle.bytes
        for _ in 0..<10_000 { bytes += [0x68, 0, 0x68, 1, 0x68, 2, 0x86, 0x52, 0x30] }
        let error = #expect(throws: SklearnError.self) { try decode(bytes + [0x4E, 0x2E]) }
        #expect(error?.kind == .limit)
    }
}
