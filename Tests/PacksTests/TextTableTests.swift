import Core
import Testing

@testable import Packs

@Suite("The table of texts")
struct TextTableTests {
    private func look(_ text: String, in table: TextTable) -> UInt32? {
        Array(text.utf8).withUnsafeBytes {
            table.number(of: $0, hash: XXHash64.hash($0))
        }
    }

    private func insert(_ text: String, _ number: UInt32, into table: inout TextTable) {
        Array(text.utf8).withUnsafeBytes {
            table.insert($0, hash: XXHash64.hash($0), number: number)
        }
    }

    @Test("Texts are found by their bytes, also after the table grew")
    func finds() {
        var table = TextTable()
        for number in 0..<1000 { insert("text \(number)", UInt32(number), into: &table) }
        for number in 0..<1000 { #expect(look("text \(number)", in: table) == UInt32(number)) }
        #expect(look("text 1000", in: table) == nil)
        table.removeAll()
        #expect(look("text 1", in: table) == nil)
        insert("text 1", 7, into: &table)
        #expect(look("text 1", in: table) == 7)
    }

    @Test("Different texts of one hash are told apart")
    func collisions() {
        var table = TextTable()
        for number in 0..<100 as Range<UInt32> {
            Array("text \(number)".utf8).withUnsafeBytes {
                table.insert($0, hash: 42, number: number)
            }
        }
        for number in 0..<100 as Range<UInt32> {
            let found = Array("text \(number)".utf8).withUnsafeBytes {
                table.number(of: $0, hash: 42)
            }
            #expect(found == number)
        }
    }

    @Test("A full table takes no more, in count and in bytes, and still finds what it has")
    func bounded() {
        var few = TextTable(entryCountMax: 2, byteCountMax: 100)
        var small = TextTable(entryCountMax: 100, byteCountMax: 9)
        for (number, text) in ["four", "five", "six"].enumerated() {
            insert(text, UInt32(number), into: &few)
            insert(text, UInt32(number), into: &small)
        }
        #expect(look("five", in: few) == 1 && look("six", in: few) == nil)
        #expect(look("five", in: small) == 1 && look("six", in: small) == nil)
    }
}
