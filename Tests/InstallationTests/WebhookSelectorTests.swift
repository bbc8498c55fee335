internal import Installation
internal import KubernetesAPI
internal import StreamingJSON
import Testing

/// Which pods the registrations for injection choose, as an API server reads their selectors.
@Suite struct WebhookSelectorTests {
  private static func chooses(_ selector: JSONValue?, _ labels: [String: String]) -> Bool {
    (selector?["matchExpressions"]?.arrayValue ?? []).allSatisfy { expression in
      let values = (expression["values"]?.arrayValue ?? []).compactMap(\.stringValue)
      let label = labels[expression["key"]?.stringValue ?? ""]
      return switch expression["operator"]?.stringValue {
      case "In": label.map(values.contains) ?? false
      case "NotIn": !(label.map(values.contains) ?? false)
      case "DoesNotExist": label == nil
      default: false
      }
    }
  }

  /// The table of the contract, §13.1.
  @Test(
    arguments: [
      (["istio-injection": "enabled"], [:], "default", true),
      (["istio-injection": "disabled"], ["sidecar.istio.io/inject": "true"], "default", false),
      (["istio-injection": "enabled"], ["sidecar.istio.io/inject": "false"], "default", false),
      (["istio-injection": "enabled"], [:], "canary", false),
      (["istio.io/rev": "canary"], [:], "canary", true),
      (["istio.io/rev": "canary"], ["sidecar.istio.io/inject": "false"], "canary", false),
      (["istio.io/rev": "canary"], [:], "default", false),
      (["istio.io/rev": "default"], [:], "default", true),
      ([:], [:], "default", false),
      ([:], ["sidecar.istio.io/inject": "true"], "default", true),
      ([:], ["sidecar.istio.io/inject": "true"], "canary", false),
      ([:], ["istio.io/rev": "canary"], "canary", true),
      ([:], ["istio.io/rev": "canary", "sidecar.istio.io/inject": "true"], "default", false),
    ] as [([String: String], [String: String], String, Bool)])
  func `labels of the namespace and of the pod decide which revision injects`(
    namespace: [String: String], pod: [String: String], revision: String, isInjected: Bool
  ) throws {
    var values = InstallationValues(profile: .minimal)
    try values.set("revision=\(revision)")
    let registration = try #require(
      Installation(values: values).objects.first { $0.resource == .mutatingWebhookConfigurations })
    let chosen = (registration.value["webhooks"]?.arrayValue ?? []).filter { webhook in
      Self.chooses(webhook["namespaceSelector"], namespace)
        && Self.chooses(webhook["objectSelector"], pod)
    }
    // No pod is reviewed twice.
    #expect(chosen.count == (isInjected ? 1 : 0), "\(chosen.compactMap { $0["name"] })")
  }
}
