package import IstioAPI
package import KubernetesAPI
package import Logging
package import MeshModel
internal import StreamingJSON
internal import Synchronization

/// Turns the cluster's objects into the mesh's state.
///
/// What generators do not read (status, resource versions, most metadata) ends here. A bad object is
/// reported and its last good version stays.
package final class MeshIngest: Sendable {
  private let state: Mutex<IngestState>
  private let sink: @Sendable ([MeshUpdate]) -> Void
  private let needsListing: @Sendable () -> Void
  private let logger: Logger

  /// The kinds that endpoints are joined from.
  package static let joinedResources: Set<KubernetesResource> = [
    .services, .endpointSlices, .pods, .nodes, .serviceEntries, .workloadEntries,
  ]

  /// An ingest that hands updates to `sink`, in order, one call at a time.
  ///
  /// What is joined from several objects comes once all lists of the kinds in `awaited` have come.
  /// The mesh configuration is that of the ConfigMap `meshConfigMap` of the root namespace.
  /// `needsListing` is called when a namespace that left the mesh is of it again.
  package init(
    clusterDomain: String = "cluster.local", clusterID: String = "Kubernetes",
    rootNamespace: String = "istio-system", meshConfigMap: String = "istio",
    awaiting awaited: Set<KubernetesResource> = [],
    selectors: [LabelSelector] = [], logger: Logger = Logger(label: "skein.ingest"),
    needsListing: @escaping @Sendable () -> Void = {},
    sink: @escaping @Sendable ([MeshUpdate]) -> Void
  ) {
    var first = IngestState(
      clusterDomain: clusterDomain, clusterID: clusterID, rootNamespace: rootNamespace,
      meshConfigMap: meshConfigMap, awaiting: awaited)
    first.select(selectors)
    state = Mutex(first)
    self.needsListing = needsListing
    self.sink = sink
    self.logger = logger
  }

  /// Applies events in their order.
  package func apply(_ events: [IngestEvent]) {
    guard !events.isEmpty else { return }
    let mustList = state.withLock { state in
      let updates = state.apply(events)
      if !updates.isEmpty { sink(updates) }
      for report in state.issues.takeNew() { log(report) }
      return state.takeNeedsListing()
    }
    if mustList { needsListing() }
  }

  /// Whether a namespace is of the mesh.
  package func includes(namespace: String) -> Bool {
    state.withLock { $0.membership.includes(namespace) }
  }

  /// Counts the changes of Istio's objects; an equal value means that none of them changed since.
  package var configurationRevision: UInt64 { state.withLock(\.configurationRevision) }

  /// The objects of a resource, good and bad ones.
  package func objects(of resource: KubernetesResource) -> [ObjectKey: KnownObject] {
    state.withLock { $0.known[resource] ?? [:] }
  }

  /// What is wrong with objects now, by their names.
  package var reports: [ObjectReport] {
    state.withLock { state in
      state.issues.all.values.sorted { "\($0.subject)" < "\($1.subject)" }
    }
  }

  /// How many entries each index has; a mesh that is again what it was has as many as it had.
  package var indexSizes: [String: Int] { state.withLock(\.indexSizes) }

  private func log(_ report: ObjectReport) {
    for issue in report.issues {
      logger.log(
        level: issue.severity == .error ? .warning : .info,
        report.isRejected ? "object rejected" : "object accepted with a warning",
        metadata: [
          "config.object": "\(report.subject)", "config.field": "\(issue.path)",
          "config.error": "\(issue)",
        ])
    }
  }
}
