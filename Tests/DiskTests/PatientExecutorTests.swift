import Core
import Disk
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Threads that give way") struct PatientExecutorTests {
    /// Steps of a task, each with the priority of the thread it ran on: more gives way.
    private actor Steps {
        private(set) var niceness: [Int32] = []

        func take() {
            #if canImport(Glibc)
            // For Linux, 0 is the calling thread.
            niceness.append(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
            #endif
        }
    }

    @Test("A task on them gives way, one that is behind does not, and neither do others")
    func pace() async throws {
        let executor = try PatientExecutor(name: "test")
        let (inside, outside) = (Steps(), Steps())
        await outside.take()
        try await PatientExecutor.run(on: executor) {
            #expect(PatientExecutor.isCurrent)
            await inside.take()
            executor.setBehind(true)
            await Task.yield()
            await inside.take()
            executor.setBehind(false)
            await Task.yield()
            await inside.take()
        }
        #expect(!PatientExecutor.isCurrent)
        await outside.take()
        #if os(Linux)
        let even = try #require(await outside.niceness.first)
        #expect(await outside.niceness == [even, even])
        let seen = await inside.niceness
        #expect(seen == [even + 10, even, even + 10])
        #endif
    }

    @Test("Without an executor an operation runs where it would anyway; its error comes back")
    func none() async throws {
        try await PatientExecutor.run(on: nil) { #expect(!PatientExecutor.isCurrent) }
        let executor = try PatientExecutor(name: "test")
        await #expect(throws: FleetError.self) {
            try await PatientExecutor.run(on: executor) { throw FleetError(.notFound, "nothing") }
        }
    }

    @Test("Children of a task run on them too, while its threads are held")
    func children() async throws {
        let executor = try PatientExecutor(name: "test")
        var sum = 0
        try await PatientExecutor.run(on: executor) {
            sum = await withTaskGroup(of: Int.self) { group in
                for number in 1...10 {
                    group.addTask {
                        usleep(1000)
                        return PatientExecutor.isCurrent ? number : 0
                    }
                }
                return await group.reduce(0, +)
            }
        }
        #expect(sum == 55)
    }
}
