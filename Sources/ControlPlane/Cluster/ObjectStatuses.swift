internal import DiscoveryServer
internal import EnvoyTranslation
internal import KubernetesAPI
internal import MeshIngest
internal import MeshModel
internal import MeshStore
internal import StatusReporting
internal import XDSProtocol

/// Gathers what the parts of a control plane know of each object of Istio's kinds.
struct ObjectStatuses: Sendable {
  /// The kinds whose status is written.
  static let resources: [KubernetesResource] = [
    .virtualServices, .destinationRules, .gateways, .serviceEntries, .workloadEntries, .sidecars,
    .peerAuthentications,
  ]

  let ingest: MeshIngest
  let store: MeshStore
  let translation: MeshTranslation
  let streams: DiscoveryStreams

  /// Changes whenever there may be something else to say; endpoints that come and go do not change it.
  var revision: UInt64 {
    var hasher = Hasher()
    hasher.combine(store.snapshot.configurationRevision)
    hasher.combine(ingest.configurationRevision)
    hasher.combine(translation.notices)
    for entry in streams.rejections { hasher.combine("\(entry.rejection)") }
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  func reports() -> [StatusWriter.Subject: StatusWriter.Report] {
    let findings = ConfigurationFindings(store.snapshot).conditions
    let judged = Dictionary(
      ingest.reports.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
    let notices = Dictionary(grouping: translation.notices, by: \.object)
    var refusals: [String: String] = [:]
    for entry in streams.rejections {
      for source in entry.rejection.sources where refusals[source] == nil {
        refusals[source] = "\(entry.rejection.name): \(entry.rejection.message)"
      }
    }
    var reports: [StatusWriter.Subject: StatusWriter.Report] = [:]
    for resource in Self.resources {
      for (key, object) in ingest.objects(of: resource) {
        let name = "\(resource.kind)/\(key.namespace)/\(key.name)"
        var conditions = [accepted(judged[.init(resource: resource, key: key)])]
        if let kind = ConfigKind(rawValue: resource.kind) {
          let object = ConfigKey(kind, namespace: key.namespace, name: key.name)
          conditions += findings[object] ?? []
        }
        let missing = notices[name]?.map(\.message) ?? []
        if !missing.isEmpty {
          conditions.append(
            ObjectCondition(
              .referencesResolved, false, reason: "NotFound",
              message: missing.prefix(10).joined(separator: "; ")))
        }
        if let text = refusals[name] {
          conditions.append(
            ObjectCondition(.programmed, false, reason: "RefusedByProxy", message: text))
        }
        reports[.init(resource: resource, key: key)] = .init(
          uid: object.uid, generation: object.generation, conditions: Self.merged(conditions))
      }
    }
    return reports
  }

  private func accepted(_ report: ObjectReport?) -> ObjectCondition {
    let issues = report?.issues.prefix(10).map { "\($0)" } ?? []
    let unknown = report?.unknownFields.prefix(10).map { "\($0): the field is not known" } ?? []
    let message = (issues + unknown).joined(separator: "; ")
    if report?.isRejected == true {
      return ObjectCondition(
        .accepted, false, reason: "Invalid",
        message: message + "; the last good version, if any, stays in force")
    }
    return ObjectCondition(
      .accepted, true, reason: message.isEmpty ? "Valid" : "ValidWithWarnings", message: message)
  }

  /// Conditions of one type as one.
  private static func merged(_ conditions: [ObjectCondition]) -> [ObjectCondition] {
    var result: [ObjectCondition] = []
    for condition in conditions {
      if let index = result.firstIndex(where: { $0.kind == condition.kind }) {
        result[index].message += "; " + condition.message
      } else {
        result.append(condition)
      }
    }
    return result
  }
}
