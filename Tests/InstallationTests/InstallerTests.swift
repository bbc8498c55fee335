internal import Installation
internal import KubernetesAPI
internal import KubernetesClient
import MeshTesting
internal import StreamingJSON
internal import Synchronization
import Testing

/// Installs into a real API over sockets: the embedded one, which keeps the kinds of an installation.
@Suite struct InstallerTests {
  private final class Log: Sendable {
    private let entries = Mutex<[Installer.Progress]>([])
    func add(_ progress: Installer.Progress) { entries.withLock { $0.append(progress) } }
    func take() -> [Installer.Progress] {
      entries.withLock { entries in
        defer { entries = [] }
        return entries
      }
    }
  }

  private static func withClient(
    _ body: @Sendable @escaping (KubernetesClient) async throws -> Void
  ) async throws {
    try await EmbeddedAPI.run { try await KubernetesClient.whileOpen($0) { try await body($0) } }
  }

  private static func revisions(_ client: KubernetesClient) async throws -> [String: String] {
    var revisions: [String: String] = [:]
    for resource in KubernetesResource.all {
      for object in try await client.list(resource) {
        let metadata = object["metadata"]
        let name = metadata?["name"]?.stringValue ?? ""
        let namespace = metadata?["namespace"]?.stringValue ?? ""
        revisions["\(resource.kind) \(namespace)/\(name)"] =
          metadata?["resourceVersion"]?.stringValue
      }
    }
    return revisions
  }

  @Test(arguments: InstallationValues.Profile.allCases)
  func `a profile installs, installs again without change, and goes`(
    profile: InstallationValues.Profile
  ) async throws {
    try await Self.withClient { client in
      let before = try await Self.revisions(client)
      let log = Log()
      let installer = Installer(client: client, grace: .milliseconds(100)) { log.add($0) }
      let installation = Installation(values: InstallationValues(profile: profile))
      try await installer.install(installation, timeout: .seconds(30))
      let first = log.take()
      // There is no scheduler behind this API, and the installer says so instead of waiting.
      #expect(first.last == .notRun)
      let after = try await Self.revisions(client)
      #expect(after.count == before.count + installation.objects.count - 1 + 14)
      try await installer.install(installation, timeout: .seconds(30))
      for case .applied(let name, let isCreated, _) in log.take() { #expect(!isCreated, "\(name)") }
      #expect(try await Self.revisions(client) == after)
      try await installer.uninstall(installation, isPurge: false)
      _ = log.take()
      let rest = try await Self.revisions(client)
      #expect(rest.keys.filter { $0.hasPrefix("CustomResourceDefinition") }.count == 14)
      #expect(!rest.keys.contains { $0.contains("istiod") || $0.contains("ingressgateway") })
      try await installer.uninstall(installation, isPurge: true)
      #expect(try await Self.revisions(client).keys.sorted() == before.keys.sorted())
    }
  }

  @Test func `a canary leaves what is of another installation alone`() async throws {
    try await Self.withClient { client in
      let log = Log()
      let installer = Installer(client: client, grace: .milliseconds(100)) { log.add($0) }
      func installation(_ revision: String) throws -> Installation {
        var values = InstallationValues(profile: .default)
        try values.set("revision=\(revision)")
        return Installation(values: values)
      }
      try await installer.install(try installation("default"), timeout: .seconds(30))
      let before = try await Self.revisions(client)
      try await installer.install(try installation("canary"), timeout: .seconds(30))
      let gateway = ObjectKey(namespace: "istio-system", name: "istio-ingressgateway-canary")
      _ = try await client.get(.deployments, gateway)
      try await installer.uninstall(try installation("canary"), isPurge: false)
      // The definitions and the namespace are of both, and applied again as they were.
      #expect(try await Self.revisions(client) == before)

      // Istio's own objects have the same names; they are no part of this installation.
      let key = ObjectKey(namespace: "istio-system", name: "istiod")
      let foreign: JSONValue = [
        "op": "remove", "path": "/metadata/labels/app.kubernetes.io~1part-of",
      ]
      _ = try await client.patch(.services, key, operations: [foreign])
      _ = log.take()
      try await installer.uninstall(try installation("default"), isPurge: false)
      #expect(log.take().contains(.kept("service/istiod")))
      _ = try await client.get(.services, key)
    }
  }

  @Test func `a rehearsal stores nothing`() async throws {
    try await Self.withClient { client in
      let before = try await Self.revisions(client)
      let log = Log()
      var values = InstallationValues(profile: .default)
      try values.set("namespace=elsewhere")
      try await Installer(client: client) { log.add($0) }.install(
        Installation(values: values), isDryRun: true, timeout: .seconds(30))
      #expect(log.take().count > 30)
      #expect(try await Self.revisions(client) == before)
    }
  }

  @Test func `what a running control plane wrote into its webhooks stays`() async throws {
    try await Self.withClient { client in
      let installer = Installer(client: client, grace: .milliseconds(100)) { _ in }
      let installation = Installation(values: InstallationValues(profile: .minimal))
      try await installer.install(installation, timeout: .seconds(30))
      let key = ObjectKey(name: "istiod-default-validator")
      let mended = try await client.patch(
        .validatingWebhookConfigurations, key,
        operations: [
          ["op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "cm9vdHM="],
          ["op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"],
        ]
      ).object
      try await installer.install(installation, timeout: .seconds(30))
      let after = try await client.get(.validatingWebhookConfigurations, key)
      #expect(after["webhooks"] == mended["webhooks"])
    }
  }

  @Test func `a Deployment that does not become available is told by name`() async throws {
    try await Self.withClient { client in
      var values = InstallationValues(profile: .minimal)
      try values.set("autoscaling=false")
      let installation = Installation(values: values)
      let key = ObjectKey(namespace: "istio-system", name: "istiod")
      let installer = Installer(client: client) { _ in }
      let install = Task {
        try await installer.install(installation, timeout: .seconds(4))
      }
      // A controller's part: it has seen the Deployment and runs one of two replicas.
      var isWritten = false
      while !isWritten {
        let status: JSONValue = [
          "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "istiod"],
          "status": ["observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 1],
        ]
        do {
          _ = try await client.applyStatus(status, as: .deployments, key: key)
          isWritten = true
        } catch let error as KubernetesClientError where error.isNotFound {
          await Task.yield()
        }
      }
      await #expect(throws: InstallationError.notReady("deployment/istiod")) {
        try await install.value
      }
    }
  }
}
