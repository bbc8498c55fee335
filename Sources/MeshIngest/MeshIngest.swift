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
  private let logger: Logger

  /// The kinds that endpoints are joined from.
  package static let joinedResources: Set<KubernetesResource> = [
    .services, .endpointSlices, .pods, .nodes, .serviceEntries, .workloadEntries,
  ]

  /// An ingest that hands updates to `sink`, in order, one call at a time.
  ///
  /// What is joined from several objects comes once all lists of the kinds in `awaited` have come.
  package init(
    clusterDomain: String = "cluster.local", clusterID: String = "Kubernetes",
    rootNamespace: String = "istio-system", awaiting awaited: Set<KubernetesResource> = [],
    logger: Logger = Logger(label: "skein.ingest"),
    sink: @escaping @Sendable ([MeshUpdate]) -> Void
  ) {
    state = Mutex(
      IngestState(
        clusterDomain: clusterDomain, clusterID: clusterID, rootNamespace: rootNamespace,
        awaiting: awaited))
    self.sink = sink
    self.logger = logger
  }

  /// Applies events in their order.
  package func apply(_ events: [IngestEvent]) {
    state.withLock { state in
      let updates = state.apply(events)
      if !updates.isEmpty { sink(updates) }
      for report in state.issues.takeNew() { log(report) }
    }
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
