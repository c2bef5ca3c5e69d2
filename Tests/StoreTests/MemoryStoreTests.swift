import Store
import TestKit
import Testing

@Suite("The in-memory stores")
struct MemoryStoreTests {
    @Test("The catalog keeps its contract", arguments: CatalogContract.checks)
    func catalog(check: CatalogCheck) async throws {
        try await check.run(MemoryCatalog())
    }

    @Test("The window store keeps its contract", arguments: WindowStoreContract.checks)
    func windowStore(check: WindowStoreCheck) async throws {
        try await check.run(MemoryWindowStore())
    }
}
