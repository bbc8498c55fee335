import BenchmarkMeshes
import Testing

@Suite struct ChurnTests {
  /// Of an optimized build `bench-check churn 10000` runs all of the 10,000 cycles, with resident
  /// memory; here fewer have to do, for each leaves its own names behind if anything does.
  private static let cycles = 100

  @Test func `Objects and proxies that come and go leave every index as it was`() async throws {
    var churn = try await ObjectChurn()
    try await churn.cycle()
    var before = churn.indexSizes
    for _ in 0..<Self.cycles { try await churn.cycle() }
    var after = churn.indexSizes
    // These two are bounded, not constant: deleted secrets are remembered, and the latest changes.
    #expect(after["snapshot.withdrawnSecrets"] == Self.cycles + 1)
    #expect(try #require(after["translation.logged"]) <= 4096 * 20)
    for key in ["snapshot.withdrawnSecrets", "translation.logged"] {
      before[key] = nil
      after[key] = nil
    }
    #expect(before.count > 30)
    for (name, size) in after { #expect(size == before[name], "\(name)") }
    #expect(after.count == before.count)
  }
}
