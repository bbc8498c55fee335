internal import EnvoyAPI
internal import ProtobufWire

/// Istio's tracing of requests through the tracer of Envoy's own configuration.
///
/// Only what a whole namespace shares is tagged: a tag with the workload's name would give every
/// workload listeners of its own. Tracers take the workload from Envoy's node.
package struct TracingInput: Hashable, Sendable {
  package var namespace: String
  package var clusterID: String
  package var meshID: String

  func write(_ tracing: inout Envoy.HttpConnectionManager.Tracing) {
    tracing.clientSampling { $0.value(100) }
    tracing.randomSampling { $0.value(1) }
    tracing.overallSampling { $0.value(100) }
    for (tag, key) in Self.dryRunTags { tracing.customTags { Self.metadata(tag, key, &$0) } }
    for (tag, value) in [
      ("istio.cluster_id", clusterID), ("istio.mesh_id", meshID), ("istio.namespace", namespace),
    ] {
      tracing.customTags {
        $0.tag(tag)
        $0.literal { $0.value(value.isEmpty ? "unknown" : value) }
      }
    }
  }

  private static let dryRunTags = [
    (
      "istio.authorization.dry_run.allow_policy.name",
      "istio_dry_run_allow_shadow_effective_policy_id"
    ),
    ("istio.authorization.dry_run.allow_policy.result", "istio_dry_run_allow_shadow_engine_result"),
    (
      "istio.authorization.dry_run.deny_policy.name",
      "istio_dry_run_deny_shadow_effective_policy_id"
    ),
    ("istio.authorization.dry_run.deny_policy.result", "istio_dry_run_deny_shadow_engine_result"),
  ]

  private static func metadata(
    _ tag: String, _ key: String, _ customTag: inout Envoy.CustomTag
  ) {
    customTag.tag(tag)
    customTag.metadata {
      $0.kind { $0.request() }
      $0.metadataKey {
        $0.key("envoy.filters.http.rbac")
        $0.path { $0.key(key) }
      }
    }
  }
}
