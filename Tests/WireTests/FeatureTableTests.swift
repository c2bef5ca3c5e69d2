import Core
import Testing
import Wire

@Suite("Tables of features")
struct FeatureTableTests {
    private func table(
        _ text: String,
        perDevice: Bool = false,
        workerCount: Int = 1,
        names: [String]? = nil
    ) async throws -> FeatureTable? {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let input = UnsafeRawBufferPointer(memory)
        var options = DecodeOptions()
        options.timeUnit = .seconds
        guard
            var header = try FeatureHeader.parse(input, options: options, perDevice: perDevice)
        else { return nil }
        if let names { header = try #require(header.selecting(names)) }
        return try await FeatureDecoder.decode(
            input,
            header: header,
            options: options,
            workerCount: workerCount
        )
    }

    @Test("A row is a window, a column a feature, and an empty cell is missing")
    func rows() async throws {
        let table = try #require(
            try await table(
                #"""
                device,sensor,window_start,window_end,mean,max,coverage
                a,s,0,60,1.5,2,1
                a,s,60,120,,3,0.5
                b,"x ""y""",0,60,4,5,1

                """#
            )
        )
        #expect(table.featureNames == ["mean", "max"])
        let batch = table.batch()
        #expect(batch.keys.map(\.description) == ["a/s", #"b/x "y""#])
        #expect(batch.rowOffsets == [0, 2, 3])
        #expect(batch.starts == [0, 60_000_000, 0] && batch.ends[1] == 120_000_000)
        #expect(batch.values.map { $0.isNaN ? -1 : $0 } == [1.5, 2, -1, 3, 4, 5])
    }

    @Test("Rows in any order come out by key, then by time, equal times as they were")
    func sorts() async throws {
        let table = try #require(
            try await table(
                """
                time,device,f
                3,b,1
                1,b,2
                2,a,3
                1,b,4
                1,a,5

                """,
                perDevice: true
            )
        )
        let batch = table.batch()
        #expect(batch.keys.map(\.description) == ["a", "b"])
        #expect(batch.values == [5, 3, 2, 4, 1])
        #expect(batch.ends == [1, 2, 1, 1, 3].map { $0 * 1_000_000 })
        #expect(batch.rowOffsets == [0, 2, 5])
    }

    @Test("Bad rows are rejected by line, bad cells are missing")
    func rejects() async throws {
        let table = try #require(
            try await table(
                """
                time,device,f,g
                1,a,1,2
                never,a,1,2
                2,,1,2
                3,a,x,2
                4,a,1,2,3
                5,a/b,1,2

                """,
                perDevice: true
            )
        )
        #expect(table.count == 2)
        #expect(table.rejectedCount == 5)
        #expect(table.rejected.map(\.line) == [3, 4, 5, 6, 7])
        #expect(
            table.rejected.map(\.reason)
                == [.badTime, .missingDevice, .badValue, .tooManyFields, .badName]
        )
        #expect(table.values[2].isNaN && table.values[3] == 2)
    }

    @Test("Features are chosen by name")
    func selects() async throws {
        let table = try #require(
            try await table("time,device,f,g,h\n1,a,1,2,3\n", perDevice: true, names: ["h", "f"])
        )
        #expect(table.featureNames == ["h", "f"])
        #expect(table.values == [3, 1])
    }

    @Test("A table of readings is none of features")
    func readings() async throws {
        #expect(try await table("time,device,sensor,value\n1,a,s,2\n") == nil)
        #expect(try await table("time,s1,s2\n1,2,3\n") == nil)
        #expect(try await table("time,s1,s2\n1,2,3\n", perDevice: true) != nil)
    }

    @Test("Pieces decoded at the same time give what one piece gives")
    func pieces() async throws {
        var text = "time,device,f\n"
        for row in 0..<150_000 { text += "\(row),d\(row / 3),\(Double(row) * 0.25)\n" }
        text += "x,d,1\n"
        let one = try #require(try await table(text, perDevice: true))
        let four = try #require(try await table(text, perDevice: true, workerCount: 4))
        #expect(one.values == four.values && one.ends == four.ends)
        #expect(one.runKeys == four.runKeys && one.runOffsets == four.runOffsets)
        #expect(four.rejected.map(\.line) == [150_002])
        #expect(one.rejected.map(\.line) == four.rejected.map(\.line))
    }
}
