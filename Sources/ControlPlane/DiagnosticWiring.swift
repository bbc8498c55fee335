internal import AdmissionWebhooks
internal import CertificateAuthority
internal import Diagnostics
internal import DiscoveryServer
internal import EnvoyTranslation
internal import KubernetesClient
internal import MeshIngest
internal import MeshStore
internal import NIOCore
internal import StreamingJSON
internal import XDSProtocol

extension DiagnosticSources {
  /// What the parts of a control plane know.
  static func make(
    discovery: DiscoveryService, translation: MeshTranslation, ingest: MeshIngest,
    store: MeshStore, readiness: Readiness, platform: Platform, audit: ObjectAudit,
    phases: PeerAuthenticationPhases
  ) -> DiagnosticSources {
    DiagnosticSources(
      waitingFor: { readiness.waitingFor },
      metrics: {
        metrics(discovery, translation, ingest, store, platform.identity)
          + metrics(platform, audit)
      },
      proxies: { await proxies(discovery) },
      resources: { await resources(of: $0, discovery) },
      objects: {
        ingest.reports.map(json) + translation.notices.map(json) + json(phases)
          + degraded(platform.states())
      },
      permissions: { platform.accesses().map(\.description) })
  }

  private static func proxies(_ discovery: DiscoveryService) async -> [ProxyReport] {
    var reports: [ProxyReport] = []
    for entry in discovery.streams.entries {
      // A stream that ended meanwhile has nothing to report.
      guard let types = try? await entry.status().get() else { continue }
      reports.append(
        ProxyReport(
          id: entry.node.id, namespace: entry.node.namespace,
          envoyVersion: entry.node.envoyVersion ?? "",
          protocolVariant: entry.variant == .delta ? "delta" : "sotw",
          identity: entry.identity ?? "", connectedAt: entry.connectedAt, types: types))
    }
    return reports
  }

  private static func resources(
    of proxy: String, _ discovery: DiscoveryService
  ) async -> [EncodedResource]? {
    let entry = discovery.streams.entries.first {
      $0.node.id == proxy || "\($0.node.name).\($0.node.namespace)" == proxy
    }
    guard let entry, let state = try? await entry.state().get() else { return nil }
    return ResourceType.allCases.flatMap { type in
      state.all(type).sorted { $0.name < $1.name }
    }
  }

  private static func json(_ report: ObjectReport) -> JSONValue {
    [
      "object": .string("\(report.subject)"), "rejected": .bool(report.isRejected),
      "issues": .array(report.issues.map { .string("\($0)") }),
      "unknown_fields": .array(report.unknownFields.map { .string($0) }),
    ]
  }

  /// The changes of mutual TLS that wait for proxies.
  private static func json(_ phases: PeerAuthenticationPhases) -> [JSONValue] {
    let (namespaces, laggards) = phases.transition
    return namespaces.map { namespace in
      let message =
        "changing: servers take the old and the new mode until every proxy has followed; "
        + "\(laggards.count) have not (\(laggards.prefix(5).joined(separator: ", ")))"
      return json(TranslationNotice(object: "PeerAuthentication/\(namespace)", message: message))
    }
  }

  /// The resources of the cluster that cannot be followed now.
  private static func degraded(_ states: [String: SyncState]) -> [JSONValue] {
    states.filter { $0.value == .mirrored || $0.value == .stale }.sorted { $0.key < $1.key }.map {
      resource, state in
      json(
        TranslationNotice(
          object: "Cluster/\(resource)",
          message: state == .mirrored
            ? "degraded: the API server is away, the copy from before the start is served"
            : "degraded: changes cannot be followed, what was last seen is served"))
    }
  }

  private static func json(_ notice: TranslationNotice) -> JSONValue {
    [
      "object": .string(notice.object), "rejected": false,
      "issues": .array([.string(notice.message)]), "unknown_fields": .array([]),
    ]
  }

  private static func metrics(_ platform: Platform, _ audit: ObjectAudit) -> [Metric] {
    let counters = audit.counters
    var metrics = [
      Metric("skein_audit_runs_total", .counter, Double(counters.runs)),
      Metric("skein_audit_objects_compared_total", .counter, Double(counters.compared)),
      Metric("skein_audit_objects_repaired_total", .counter, Double(counters.repaired)),
    ]
    let states = platform.states()
    for (resource, state) in states.sorted(by: { $0.key < $1.key }) {
      metrics.append(
        Metric(
          "skein_source_state", .gauge, 1,
          labels: [("resource", resource), ("state", state.rawValue)]))
    }
    let isDegraded = states.values.contains { $0 == .mirrored || $0 == .stale }
    metrics.append(Metric("skein_degraded", .gauge, isDegraded ? 1 : 0))
    if let isLeader = platform.isLeader {
      metrics.append(Metric("skein_leader", .gauge, isLeader() ? 1 : 0))
    }
    if let counted = platform.webhooks?() {
      metrics += [
        Metric("sidecar_injection_requests_total", .counter, Double(counted.injectionRequests)),
        Metric("sidecar_injection_success_total", .counter, Double(counted.injected)),
        Metric("sidecar_injection_skip_total", .counter, Double(counted.skipped)),
        Metric("sidecar_injection_failure_total", .counter, Double(counted.failed)),
        Metric("galley_validation_passed", .counter, Double(counted.accepted)),
        Metric("galley_validation_failed", .counter, Double(counted.refused)),
        Metric("galley_validation_http_error", .counter, Double(counted.malformed)),
      ]
    }
    return metrics
  }

  private static func metrics(
    _ discovery: DiscoveryService, _ translation: MeshTranslation, _ ingest: MeshIngest,
    _ store: MeshStore, _ identity: IdentityServices
  ) -> [Metric] {
    var metrics: [Metric] = [
      Metric("pilot_xds", .gauge, Double(discovery.streams.count)),
      Metric("pilot_xds_recv_max", .gauge, Double(discovery.metrics.largestRequest)),
    ]
    func perType(
      _ name: String, _ value: (DiscoveryMetrics.PerType) -> UInt64
    ) {
      for type in ResourceType.allCases {
        metrics.append(
          Metric(
            name, .counter, Double(value(discovery.metrics[type])),
            labels: [("type", type.shortName)]))
      }
    }
    perType("pilot_xds_pushes", \.pushes)
    perType("pilot_total_xds_rejects", \.rejections)
    perType("pilot_xds_expired_nonce", \.staleNonces)
    perType("skein_xds_resources_sent_total", \.resources)
    perType("skein_xds_bytes_sent_total", \.bytes)
    let translated = translation.counters
    let cache = translation.cache.counters
    metrics += [
      Metric("skein_planned_units_total", .counter, Double(translated.plannedUnits)),
      Metric("skein_planned_views_total", .counter, Double(translated.plannedViews)),
      Metric("skein_published_changes_total", .counter, Double(translated.publishedChanges)),
      Metric("skein_views", .gauge, Double(translation.viewCount)),
      Metric("skein_resources_built_total", .counter, Double(cache.built)),
      Metric("skein_resource_bytes_built_total", .counter, Double(cache.builtBytes)),
      Metric("skein_ledger_lost_entries_total", .counter, Double(identity.ledger.lostEntries)),
      Metric(
        "skein_rejected_objects", .gauge,
        Double(ingest.reports.filter(\.isRejected).count)),
      Metric("skein_xds_pending_bytes", .gauge, Double(discovery.streams.pendingBytes)),
    ]
    for (part, sizes) in [
      ("ingest", ingest.indexSizes), ("snapshot", store.indexSizes),
      ("translation", translation.indexSizes), ("streams", discovery.streams.indexSizes),
    ] {
      for (index, size) in sizes.sorted(by: { $0.key < $1.key }) {
        metrics.append(
          Metric(
            "skein_index_entries", .gauge, Double(size),
            labels: [("part", part), ("index", index)]))
      }
    }
    return metrics
  }
}
