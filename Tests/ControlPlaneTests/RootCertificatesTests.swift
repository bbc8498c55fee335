import KubernetesAPI
import KubernetesClient
import MeshTesting
import StreamingJSON
import Synchronization
import Testing

@testable import ControlPlane

struct RootCertificatesTests {
  @Test(.timeLimit(.minutes(1)))
  func `a namespace that joins the mesh gets the roots, and none before`() async throws {
    try await EmbeddedAPI.run { url in
      try await KubernetesClient.whileOpen(url) { client in
        let members = Mutex<Set<String>>(["first"])
        let roots = RootCertificates(
          client: client, rootsPEM: { "the roots" },
          includes: { name in members.withLock { $0.contains(name) } },
          logger: EmbeddedAPI.logger)
        for name in ["first", "later"] {
          let namespace: JSONValue = [
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)],
          ]
          _ = try await client.apply(namespace, as: .namespaces, key: ObjectKey(name: name))
        }
        func contents(_ namespace: String) async throws -> JSONValue? {
          try await client.list(.configMaps, namespace: namespace)
            .first { $0[path: ["metadata", "name"]]?.stringValue == RootCertificates.name }?["data"]
        }
        let work = Task { await roots.keep() }
        while try await contents("first") == nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await contents("first") == ["root-cert.pem": "the roots"])
        #expect(try await contents("later") == nil)
        members.withLock { _ = $0.insert("later") }
        while try await contents("later") == nil { try await Task.sleep(for: .milliseconds(50)) }
        work.cancel()
        await work.value
      }
    }
  }
}
