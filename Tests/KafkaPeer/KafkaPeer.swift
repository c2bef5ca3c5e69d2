import CRdKafka
import Core
import EventLog
import Foundation
import KafkaLog
import Logging

/// A process beside the Kafka tests: a broker in memory, or a consumer that can be killed.
///
///     KafkaPeer broker            prints its address; makes a topic for each line "NAME COUNT"
///     KafkaPeer consume BROKERS TOPIC GROUP FOLDER STRATEGY
///     KafkaPeer rates BROKERS TOPIC BATCHES    appends and reads batches of 1,000 events
///     KafkaPeer guard PROGRAM ARGUMENT...    runs a program that must not outlive the tests
///
/// It ends when its standard input ends or, as a consumer, after two minutes.
@main
enum KafkaPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "broker" where arguments.count == 1:
            broker()
        case "consume" where arguments.count == 6:
            let words = Array(arguments)
            try await consume(
                words[1],
                words[2],
                words[3],
                folder: words[4],
                strategy: words[5]
            )
        case "rates" where arguments.count == 4:
            let words = Array(arguments)
            try await Rates.measure(words[1], words[2], batchCount: Int(words[3]) ?? 1000)
        case "guard" where arguments.count > 1:
            try watch(Array(arguments.dropFirst()))
        default:
            print("KafkaPeer: see the comment of its source for what it takes")
            exit(2)
        }
    }

    /// Prints a line at once, even into a pipe.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Runs a program until standard input ends, or asks it to end at a line.
    private static func watch(_ words: [String]) throws {
        // The threads of tests block signals, and what they start inherits that.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { exit($0.terminationStatus) }
        try process.run()
        if readLine() == nil { kill(process.processIdentifier, SIGKILL) }
        process.terminate()
        process.waitUntilExit()
    }

    private static func broker() {
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nil, 0),
            let cluster = rd_kafka_mock_cluster_new(handle, 1),
            let address = rd_kafka_mock_cluster_bootstraps(cluster)
        else { exit(1) }
        say(String(cString: address))
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, let count = Int32(words[1]) else { exit(2) }
            let result = rd_kafka_mock_topic_create(cluster, String(words[0]), count, 1)
            say(result == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : "failed \(result.rawValue)")
        }
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(handle)
    }

    /// Appends what it reads of each partition to a file `FOLDER/PARTITION`, a line a frame.
    ///
    /// A line has base offset, end offset and values. The end of the last line is the
    /// partition's checkpoint.
    private static func consume(
        _ brokers: String,
        _ topic: String,
        _ group: String,
        folder: String,
        strategy: String
    ) async throws {
        Thread.detachNewThread {
            while readLine() != nil {}
            exit(0)
        }
        var settings = KafkaSettings(brokers: brokers, topic: topic)
        settings.group = group
        settings.properties["partition.assignment.strategy"] = strategy
        let log = try await KafkaLog.open(
            settings,
            wallClock: SystemWallClock(),
            clock: ContinuousClock(),
            logger: Logger(label: "peer", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        var offsets = [Int64](repeating: .max, count: log.partitionCount)
        var generation = -1
        let end = ContinuousClock().now + .seconds(120)
        while ContinuousClock().now < end {
            let assignment = await log.assignment()
            if assignment.generation != generation {
                generation = assignment.generation
                for partition in offsets.indices {
                    let isOurs = assignment.partitions.contains(partition)
                    if !isOurs { offsets[partition] = .max }
                    if isOurs, offsets[partition] == .max {
                        offsets[partition] = checkpoint("\(folder)/\(partition)")
                    }
                }
                say("assigned \(assignment.partitions)")
            }
            let frames = try await log.read(from: offsets, eventCountMax: 200)
            for frame in frames {
                try store(frame, "\(folder)/\(frame.partition)")
                offsets[frame.partition] = frame.endOffset
            }
            if frames.isEmpty {
                await log.waitForAppend(beyond: offsets, timeout: .milliseconds(100))
            }
        }
    }

    private static func checkpoint(_ path: String) -> Int64 {
        guard let data = FileManager.default.contents(atPath: path) else { return 0 }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.last?.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
    }

    private static func store(_ frame: LogFrame, _ path: String) throws {
        var line = "\(frame.baseOffset) \(frame.endOffset)"
        if case .events(let batch) = frame.record {
            for value in batch.values { line += " \(Int(value))" }
        }
        line += "\n"
        // One write: a line is there whole or not at all.
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        defer { close(file) }
        var written = 0
        line.withUTF8 { written = write(file, $0.baseAddress, $0.count) }
        guard written == line.utf8.count else { throw CocoaError(.fileWriteUnknown) }
    }
}
