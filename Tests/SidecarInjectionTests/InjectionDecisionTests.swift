internal import SidecarInjection
internal import StreamingJSON
import Testing

@Suite struct InjectionDecisionTests {
  private func decide(
    _ pod: JSONValue, namespace: String = "shop", labels: [String: String]? = nil,
    _ change: (inout InjectionSelection) -> Void = { _ in }
  ) -> InjectionDecision {
    var selection = InjectionSelection()
    change(&selection)
    return .decide(
      pod, namespace: namespace, namespaceLabels: labels, selection: selection)
  }

  private func pod(
    labels: JSONValue = [:], annotations: JSONValue = [:], spec: JSONValue = [:]
  ) -> JSONValue {
    ["metadata": ["labels": labels, "annotations": annotations], "spec": spec]
  }

  @Test func `pods on the network of their node never get a proxy`() {
    let pod = pod(labels: ["sidecar.istio.io/inject": "true"], spec: ["hostNetwork": true])
    #expect(!decide(pod).isInjected)
  }

  @Test(arguments: ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"])
  func `namespaces of the cluster itself never get one`(namespace: String) {
    #expect(
      !decide(pod(labels: ["sidecar.istio.io/inject": "true"]), namespace: namespace).isInjected)
  }

  @Test func `the label beats the annotation, and other words are none`() {
    let key = "sidecar.istio.io/inject"
    #expect(!decide(pod(labels: [key: "false"], annotations: [key: "true"])).isInjected)
    #expect(!decide(pod(annotations: [key: "false"])).isInjected)
    #expect(decide(pod(labels: [key: "maybe"])).isInjected)
    #expect(!decide(pod(labels: [key: "maybe"])) { $0.injectsByDefault = false }.isInjected)
    #expect(decide(pod(labels: [key: "true"])) { $0.injectsByDefault = false }.isInjected)
  }

  @Test func `selectors decide where the pod says nothing`() {
    let web = pod(labels: ["app": "web"])
    #expect(!decide(web) { $0.neverInject = [.init(matchLabels: ["app": "web"])] }.isInjected)
    #expect(decide(web) { $0.neverInject = [.init()] }.isInjected)
    let always = decide(web) {
      $0.injectsByDefault = false
      $0.alwaysInject = [
        .init(matchExpressions: [.init(key: "app", operator: "In", values: ["web"])])
      ]
    }
    #expect(always.isInjected)
    let asked = decide(pod(labels: ["app": "web", "sidecar.istio.io/inject": "true"])) {
      $0.neverInject = [.init(matchLabels: ["app": "web"])]
    }
    #expect(asked.isInjected)
  }

  /// The table of the webhooks' selectors, contract §13.1.
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
  func `labels of the namespace and revisions decide as the webhooks' selectors do`(
    namespace: [String: String], labels: [String: String], revision: String, isInjected: Bool
  ) {
    var object: JSONValue = [:]
    for (key, value) in labels { object[key] = .string(value) }
    let decision = decide(pod(labels: object), labels: namespace) {
      $0.revision = revision
      $0.isDefaultRevision = revision == "default"
    }
    #expect(decision.isInjected == isInjected, "\(decision)")
  }
}
