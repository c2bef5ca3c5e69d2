import Core
import TestKit
import Testing

@testable import Blobs

@Suite("Blobs contract") struct BlobsContractTests {
    @Test("The memory twin keeps the contract", .timeLimit(.minutes(1)))
    func memory() async throws {
        try await BlobsContract(MemoryBlobs()).run()
    }

    @Test("A local folder keeps the contract", .timeLimit(.minutes(1)))
    func local() async throws {
        try await withFolder { folder in
            try await BlobsContract(LocalBlobs(root: folder)).run()
        }
    }
}
