internal import IstioAPI
internal import KubernetesAPI
internal import MeshModel

/// The service entries of a cluster, found by their hosts and by the workloads that they select.
///
/// Every index follows from the entry alone: what an entry added, it takes away.
struct ServiceEntries {
  typealias Entry = IngestState.Entry<ServiceEntry>

  private var all: [ObjectKey: Entry] = [:]
  private var ofHost: [ServiceID: Set<ObjectKey>] = [:]
  /// Those that select workloads, by namespace.
  private var selecting: [String: Set<ObjectKey>] = [:]

  /// Puts `new` in the place of the entry `key`, or removes that; answers the hosts concerned.
  mutating func set(_ key: ObjectKey, _ new: Entry?) -> Set<ServiceID> {
    let old = all[key]
    all[key] = new
    if let old { index(key, old, isMember: false) }
    if let new { index(key, new, isMember: true) }
    return Set([old, new].compactMap { $0 }.flatMap(Self.hosts))
  }

  /// The entries that have a host, the oldest one first.
  func entries(of host: ServiceID) -> [Entry] {
    func age(_ entry: Entry) -> (Int64, ObjectKey) {
      (entry.metadata.creationTimestamp?.seconds ?? 0, entry.metadata.key)
    }
    return (ofHost[host] ?? []).compactMap { all[$0] }.sorted { age($0) < age($1) }
  }

  /// The hosts of the entries that select a workload.
  func hosts(selecting workload: Workload) -> Set<ServiceID> {
    let entries = (selecting[workload.namespace] ?? []).compactMap { all[$0] }.filter { entry in
      entry.value.workloadSelector.map { workload.labels.isSelected(by: $0.labels) } ?? false
    }
    return Set(entries.flatMap(Self.hosts))
  }

  /// How many entries each index has.
  var indexSizes: [String: Int] {
    [
      "serviceEntries": all.count, "entriesOfHost": IndexSize.of(ofHost),
      "selectingEntries": IndexSize.of(selecting),
    ]
  }

  private static func hosts(_ entry: Entry) -> [ServiceID] {
    entry.value.hosts.map { ServiceEntryConversion.id(host: $0, entry.metadata) }
  }

  private mutating func index(_ key: ObjectKey, _ entry: Entry, isMember: Bool) {
    for host in Self.hosts(entry) { ofHost.set(key, in: host, isMember: isMember) }
    if entry.value.workloadSelector != nil {
      selecting.set(key, in: key.namespace, isMember: isMember)
    }
  }
}
