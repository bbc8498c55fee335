extension IngestState {
  /// How many entries each index has, members of its sets included.
  var indexSizes: [String: Int] {
    [
      "services": services.count, "pods": pods.count,
      "podsOfAddress": IndexSize.of(podsOfAddress), "nodes": nodes.count,
      "workloads": workloads.count,
      "workloadsOfNamespace": IndexSize.of(workloadsOfNamespace),
      // The kinds stay, there are only so many.
      "known": known.values.reduce(0) { $0 + $1.count },
      "dirtyServices": dirtyServices.count, "dirtyHosts": dirtyHosts.count,
      "excluded": excluded.count, "updates": updates.count, "issues": issues.size,
    ].merging(slices.indexSizes) { first, _ in first }
      .merging(serviceEntries.indexSizes) { first, _ in first }
  }
}

/// Counts the entries of an index.
enum IndexSize {
  /// The keys of an index of sets, and the members of the sets.
  static func of<Key, Member>(_ index: [Key: Set<Member>]) -> Int {
    index.values.reduce(index.count) { $0 + $1.count }
  }
}
