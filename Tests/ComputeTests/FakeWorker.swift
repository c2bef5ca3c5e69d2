import Compute
import Core
import Foundation
import Logging
import TestKit

/// A worker program for tests: a shell script in a folder of its own.
struct FakeWorker {
    let folder: URL
    var path: String { folder.appendingPathComponent("worker").path }

    /// What the script does is named by a ticket's run.
    private static let script = """
        #!/bin/sh
        echo "worker $$ starts" >&2
        while IFS= read -r line; do
            exit=0
            message=null
            case "$line" in
                *'"run":"die'*) kill -9 $$ ;;
                *'"run":"quit'*) exit 7 ;;
                *'"run":"slow'*) sleep 60 ;;
                *'"run":"stubborn'*)
                    trap '' TERM
                    while true; do sleep 1; done ;;
                *'"run":"fail'*)
                    exit=42
                    message='"bad"' ;;
                *'"run":"noisy'*)
                    i=0
                    while [ $i -lt 5000 ]; do echo "noise $i" >&2; i=$((i + 1)); done
                    echo "this is no answer" ;;
            esac
            printf '{"ticket":%s,"exit":%s,"message":%s,"seconds":0.01}\\n' \\
                "$line" "$exit" "$message"
        done
        """

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("fleetscore-worker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Self.script.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// A pool of these workers.
    func pool(
        max: Int,
        clock: any Clock<Duration> = ComputeContract.clock,
        _ change: (inout LocalPool.Configuration) -> Void = { _ in }
    ) -> LocalPool {
        // The script runs through the shell: a file just written may still be open for writing
        // in a child that another test starts, and then cannot be executed.
        var configuration = LocalPool.Configuration(
            executable: "/bin/sh",
            arguments: [path],
            workerCountMax: max
        )
        configuration.stopGrace = .milliseconds(300)
        change(&configuration)
        return LocalPool(
            configuration: configuration,
            clock: clock,
            wallClock: SystemWallClock(),
            logger: Logger(label: "pool") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func remove() throws {
        try FileManager.default.removeItem(at: folder)
    }
}

/// Whether a process exists and has not ended.
func isAlive(_ processID: Int32) -> Bool {
    guard kill(processID, 0) == 0 else { return false }
    let status = FileManager.default.contents(atPath: "/proc/\(processID)/stat") ?? Data()
    let text = String(decoding: status, as: UTF8.self)
    return !(text.split(separator: ")").last?.hasPrefix(" Z") ?? true)
}
