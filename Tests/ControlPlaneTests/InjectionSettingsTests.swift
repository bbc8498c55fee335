import KubernetesAPI
import KubernetesClient
import MeshTesting
import ServiceLifecycle
import SidecarInjection
import StreamingJSON
import Testing

@testable import ControlPlane

struct InjectionSettingsTests {
  private static func configure(
    _ client: KubernetesClient, _ name: String, _ data: JSONValue
  ) async throws {
    let key = ObjectKey(namespace: "istio-system", name: name)
    _ = try await client.apply(
      [
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": ["name": .string(name), "namespace": "istio-system"], "data": data,
      ], as: .configMaps, key: key)
  }

  private static func withSettings(
    _ body: (KubernetesClient, InjectionSettings, FaultyAPI) async throws -> Void
  ) async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      try await KubernetesClient.whileOpen(url) { client in
        let namespace: JSONValue = [
          "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "istio-system"],
        ]
        _ = try await client.apply(namespace, as: .namespaces, key: ObjectKey(name: "istio-system"))
        var configuration = ControlPlaneConfiguration(dataDirectory: "/nowhere")
        configuration.revision = "canary"
        try await configure(
          client, "istio-canary",
          ["mesh": "enablePrometheusMerge: false\ndefaultConfig: {concurrency: 3}"])
        try await configure(client, "istio", ["mesh": "defaultConfig: {concurrency: 9}"])
        try await configure(
          client, "istio-sidecar-injector-canary",
          ["config": "policy: disabled", "values": "{global: {network: n1}}"])
        let settings = InjectionSettings(client, configuration, logger: EmbeddedAPI.logger)
        try await RunningService.whileRunning(settings, logger: EmbeddedAPI.logger) {
          try await body(client, settings, relay)
        }
      }
    }
  }

  private static func configuration(
    of settings: InjectionSettings, _ holds: (InjectionConfiguration) -> Bool
  ) async throws -> InjectionConfiguration {
    while true {
      if let current = settings.current, holds(current) { return current }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a text that cannot be read leaves what was before in force`() async throws {
    try await Self.withSettings { client, settings, _ in
      let first = try await Self.configuration(of: settings) { _ in true }
      #expect(!first.selection.injectsByDefault)
      #expect(first.mesh.network == "n1")
      #expect(first.proxyConfiguration["concurrency"] == 3)
      #expect(!first.mergesMetrics)
      let name = "istio-sidecar-injector-canary"
      try await Self.configure(
        client, name, ["config": "policy: [", "values": "{global: {network: n2}}"])
      let second = try await Self.configuration(of: settings) { $0.mesh.network == "n2" }
      #expect(!second.selection.injectsByDefault)
      try await Self.configure(client, "istio-canary", ["mesh": "defaultConfig: {"])
      try await Self.configure(client, name, ["config": "policy: enabled", "values": "x: ["])
      let third = try await Self.configuration(of: settings) { $0.selection.injectsByDefault }
      #expect(third.mesh.network == "n2")
      #expect(third.proxyConfiguration["concurrency"] == 3)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `there is none before everything was listed, and what a new list has not is gone`()
    async throws
  {
    try await Self.withSettings { client, settings, relay in
      let none = try await Self.configuration(of: settings) { _ in true }.proxyConfigs
      let key = ObjectKey(namespace: "istio-system", name: "p")
      let config: JSONValue = [
        "apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig",
        "metadata": ["name": "p", "namespace": "istio-system"], "spec": ["concurrency": 7],
      ]
      _ = try await client.apply(config, as: .proxyConfigs, key: key)
      _ = try await Self.configuration(of: settings) { $0.proxyConfigs != none }
      // It ends while nobody can be told, and the place in history is lost.
      relay.plan {
        $0.isWatch
          ? .gone : $0.path.contains("proxyconfigs") && $0.method == "GET" ? .status(500) : .none
      }
      relay.cutAll()
      try await client.delete(.proxyConfigs, key)
      relay.plan { _ in .none }
      _ = try await Self.configuration(of: settings) { $0.proxyConfigs == none }

      relay.plan { $0.path.hasSuffix("/nodes") ? .status(500) : .none }
      let late = InjectionSettings(
        client, ControlPlaneConfiguration(dataDirectory: "/nowhere"), logger: EmbeddedAPI.logger)
      try await RunningService.whileRunning(late, logger: EmbeddedAPI.logger) {
        // Nothing tells that nothing comes.
        try await Task.sleep(for: .milliseconds(500))
        #expect(late.current == nil)
        relay.plan { _ in .none }
        _ = try await Self.configuration(of: late) { _ in true }
      }
    }
  }
}
