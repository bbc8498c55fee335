internal import SidecarInjection
internal import StreamingJSON
import Testing

@Suite struct InjectionDecisionTests {
  private func decide(
    _ pod: JSONValue, namespace: String = "shop",
    _ change: (inout InjectionSelection) -> Void = { _ in }
  ) -> InjectionDecision {
    var selection = InjectionSelection()
    change(&selection)
    return .decide(pod, namespace: namespace, selection: selection)
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
}
