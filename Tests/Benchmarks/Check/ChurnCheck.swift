internal import BenchmarkMeshes
internal import LoadGenerator

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Lets objects and proxies come and go, and tells what that leaves behind.
enum ChurnCheck {
  /// Performs as many cycles as `text` says, in ten parts.
  static func run(_ text: String) async throws {
    guard let cycles = Int(text), cycles >= 10 else { return print("CYCLES must be 10 or more") }
    var churn = try await ObjectChurn()
    // Buffers and pools reach their size, and the views' logs and deleted secrets their bounds.
    for _ in 0..<1000 { try await churn.cycle() }
    let before = churn.indexSizes
    report("after 1,000 cycles", before)
    for part in 1...10 {
      for _ in 0..<cycles / 10 { try await churn.cycle() }
      report("after \(1000 + part * (cycles / 10)) cycles", churn.indexSizes)
    }
    let after = churn.indexSizes
    // The log of changes is bounded, not constant: it drops whole revisions.
    let differing = Set(before.keys).union(after.keys).subtracting(["translation.logged"])
      .filter { before[$0] != after[$0] }.sorted()
    for name in differing {
      print("DIFFERS: \(name) was \(before[name] ?? 0), is \(after[name] ?? 0)")
    }
    if !differing.isEmpty { exit(1) }
  }

  private static func report(_ when: String, _ sizes: [String: Int]) {
    let resident = (ProcessUsage.own?.residentBytes ?? 0) / 1024
    print("\(when): \(sizes.values.reduce(0, +)) entries, \(resident) kB resident")
  }
}
