#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Ends the program with a line on standard error.
func stop(_ message: String) -> Never {
    say(message)
    exit(2)
}

/// Ends the program as a crash, after saying why: optimized preconditions say nothing.
func fail(_ message: String) -> Never {
    say("fuzz: " + message)
    abort()
}

/// Fails unless something holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fail(message()) }
}

private func say(_ message: String) {
    var line = message + "\n"
    _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func exit(_ code: CInt) -> Never {
    #if canImport(Glibc)
    Glibc.exit(code)
    #elseif canImport(Darwin)
    Darwin.exit(code)
    #endif
}
