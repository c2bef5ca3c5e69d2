import Core
import Testing
import Wire

@Suite("Reading tables")
struct ReadingDecoderTests {
    private func read(_ text: String) throws -> (table: ReadingTable, texts: [[String]]) {
        let bytes = Array(text.utf8)
        let table = try bytes.withUnsafeBytes {
            try ReadingDecoder.decode(csv: $0, options: DecodeOptions())
        }
        let texts = (0..<table.count).map { row in
            [table.timeText[row], table.valueText[row]].map {
                String(decoding: bytes[$0], as: UTF8.self)
            }
        }
        return (table, texts)
    }

    @Test("the text of times and values is where the table says")
    func long() throws {
        let text = """
            \u{FEFF}TS,Device,Sensor,Value
            2018-08-28 23:00:05.000,1,1,10.160
            x,1,1,5

            "1535497205", "1" ,1, "1e1"
            "2018-08-28T23:00:05Z","1",1,"1e1"
             1535497205 ,1,1,\t007\r
            """
        let (table, texts) = try read(text)
        #expect(
            texts == [
                ["2018-08-28 23:00:05.000", "10.160"], ["2018-08-28T23:00:05Z", "1e1"],
                ["1535497205", "007"],
            ]
        )
        #expect(table.rowLine == [2, 6, 7])
        #expect(table.rejectedByReason == ["bad_time": 1, "bad_value": 1])
        #expect(table.rejected.map(\.line) == [3, 5])
        #expect(table.batch.times == [noon, noon, noon])
    }

    @Test("in a wide table the value is the cell")
    func wide() throws {
        let (table, texts) = try read("time,device,a,b\n1535497205,d,1.50,\n1535497206,d,2,\"3\"\n")
        #expect(
            texts == [["1535497205", "1.50"], ["1535497206", "2"], ["1535497206", "3"]]
        )
        #expect(table.rowLine == [2, 3, 3])
        #expect(table.batch.list.map(\.key) == ["d/a", "d/a", "d/b"])
    }

    // Skipped where the reference data is not there.
    @Test(
        "the reference's table gives all its readings",
        .enabled(if: referenceData("sensor_data.csv") != nil)
    )
    func reference() throws {
        let bytes = try #require(referenceData("sensor_data.csv"))
        let text = String(decoding: bytes, as: UTF8.self)
        let (table, texts) = try read(text)
        #expect(table.count == 17_768)
        #expect(table.rejectedCount == 0)
        #expect(table.batch.series.count == 15)
        var expected: [[String]] = []
        for line in text.split(separator: "\n").dropFirst() {
            let parts = line.split(separator: ",").map(String.init)
            expected.append([parts[0], parts[3]])
        }
        #expect(texts == expected)
        #expect(table.batch.values == expected.map { Double($0[1]) ?? .nan })
        #expect(table.rowLine == Array(2...17_769))
        let events = try decode(bytes, .csv)
        #expect(events.list == table.batch.list)
    }
}
