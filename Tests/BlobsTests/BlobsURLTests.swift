import Core
import Testing

@testable import Blobs

@Suite("Blobs URL") struct BlobsURLTests {
    @Test("A file URL opens the folder that made it")
    func roundTrip() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(root: folder + "/with space ü 100%")
            #expect(blobs.url.hasSuffix("/with%20space%20%C3%BC%20100%25"))
            try await blobs.put("key", [1, 2])
            #expect(try await BlobsURL.open(blobs.url).get("key") == [1, 2])
        }
    }

    @Test(
        "Other URLs are refused",
        arguments: [
            "", "/tmp/x", "file:x", "file://host/x", "s3://bucket", "file:///a%2", "file:///a%zz",
        ]
    )
    func refused(url: String) {
        let error = #expect(throws: FleetError.self) { try BlobsURL.path(of: url) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("SHA-256 of known texts")
    func digest() {
        #expect(
            BlobDigest.sha256Hex(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            BlobDigest.sha256Hex([])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
    }
}

@Suite("Memory blobs") struct MemoryBlobsTests {
    @Test("A storage that is full says so")
    func full() async throws {
        let blobs = MemoryBlobs(byteCountMax: 10)
        try await blobs.put("a", Array(repeating: 0, count: 8))
        try await blobs.put("a", Array(repeating: 0, count: 10))
        let error = await #expect(throws: FleetError.self) { try await blobs.put("b", [1]) }
        #expect(error?.code == .resourceExhausted)
    }
}
