internal import SidecarInjection
internal import StreamingJSON
import Testing
internal import YAML

@Suite struct InjectorConfigMapTests {
  private func document(_ yaml: String) throws -> JSONValue {
    try #require(try YAMLReader.documents(yaml).first?.value)
  }

  @Test func `an installation's ConfigMap decides as it does in Istio`() throws {
    var configuration = InjectionConfiguration()
    let issues = InjectorConfigMap.apply(
      config: try document(
        """
        policy: disabled
        defaultTemplates: [sidecar]
        injectedAnnotations: {team/owner: mesh}
        neverInjectSelector: [{matchExpressions: [{key: job, operator: Exists}]}]
        alwaysInjectSelector: [{matchLabels: {mesh: "yes"}}]
        templates: {sidecar: "{{ program }}"}
        """),
      values: try document(
        """
        global:
          hub: registry.test/istio
          tag: 1.30.1
          variant: distroless
          imagePullPolicy: Always
          imagePullSecrets: [pull]
          proxy:
            image: proxyv2
            resources: {requests: {cpu: 10m, memory: 40Mi}, limits: {cpu: 1, memory: 512Mi}}
            excludeIPRanges: 10.0.0.0/8
            logLevel: info
          proxy_init: {image: proxyv2}
          multiCluster: {clusterName: west}
          network: n1
        istio_cni: {enabled: true}
        sidecarInjectorWebhook: {rewriteAppHTTPProbe: false}
        """), to: &configuration)
    #expect(issues.isEmpty)
    #expect(configuration.proxy.image == "registry.test/istio/proxyv2:1.30.1-distroless")
    #expect(configuration.proxy.initImage == nil)
    #expect(configuration.proxy.resources.cpuRequest == "10m")
    #expect(configuration.proxy.resources.cpuLimit == "1")
    #expect(configuration.imagePullSecrets == ["pull"])
    #expect(configuration.redirection.excludedOutboundRanges == "10.0.0.0/8")
    #expect(configuration.redirection.usesCNI)
    #expect(configuration.mesh.clusterID == "west")
    #expect(!configuration.rewritesProbes)
    let injector = PodInjector(configuration: configuration)
    func inject(_ labels: JSONValue) throws -> PodInjector.Outcome {
      try injector.inject(
        InjectionRequest(
          pod: ["metadata": ["labels": labels], "spec": ["containers": [["name": "a"]]]],
          namespace: "shop"))
    }
    #expect(try !inject([:]).decision.isInjected)
    #expect(try !inject(["mesh": "yes", "job": "x"]).decision.isInjected)
    let pod = try inject(["mesh": "yes"]).pod
    #expect(pod[path: ["metadata", "annotations", "team/owner"]] == "mesh")
    let first = pod[path: ["spec", "initContainers"]]?.arrayValue?.first
    #expect(first?["name"] == "istio-validation")
    #expect(first?[path: ["securityContext", "runAsUser"]] == 1337)
  }

  @Test func `what cannot be followed is told and nothing else suffers`() throws {
    var configuration = InjectionConfiguration()
    let issues = InjectorConfigMap.apply(
      config: try document(
        "{policy: perhaps, defaultTemplates: [mine], neverInjectSelector: [{matchLabels: 1}]}"),
      values: try document(
        "{global: {tag: v1, proxy: {image: proxyv2, resources: {limits: {cpu: much}}}}}"),
      to: &configuration)
    #expect(
      issues.map(\.path) == [
        "config.policy", "config.neverInjectSelector[0].matchLabels", "config.defaultTemplates",
      ])
    #expect(!configuration.selection.injectsByDefault)
    #expect(configuration.defaultTemplates == ["sidecar"])
    #expect(configuration.proxy.image == "docker.io/istio/proxyv2:v1")
    #expect(configuration.proxy.resources.cpuLimit == "2")
  }
}
