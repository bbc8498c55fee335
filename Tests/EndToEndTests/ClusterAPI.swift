import Foundation
import KubernetesAPI
import KubernetesClient
import MeshTesting
import StreamingJSON
import Synchronization
import YAML

/// The API of a cluster under test.
protocol ClusterAPI: Sendable {
  var url: String { get }
  /// The token of somebody who may do everything; nil where nobody is asked for one.
  var administrator: String? { get }
  /// The token of the control plane; nil where it needs none.
  var controlPlane: String? { get }

  /// Starts it, with what it had before.
  func start() throws
  func kill() async
  /// Kills it for good.
  func end() async
}

/// The embedded API.
final class EmbeddedClusterAPI: ClusterAPI {
  let url: String
  let administrator: String? = nil
  let controlPlane: String? = nil
  private let port: Int
  private let folder: String
  private let host: String
  private let program = Mutex<MeshProgram?>(nil)

  init(folder: String, host: String) throws {
    port = try FreePort.next()
    url = "http://127.0.0.1:\(port)"
    self.folder = folder
    self.host = host
  }

  func start() throws {
    let program = try MeshProgram(
      "API",
      [
        RunningMesh.skein, "serve", "--standalone", "--data-dir", folder + "/api",
        "--api-address", "127.0.0.1:\(port)", "--grpc-address", host + ":15010",
        "--secure-grpc-address", host + ":15012", "--monitoring-address", host + ":15014",
        "--http-address", host + ":8080",
      ], log: folder + "/api.log")
    self.program.withLock { $0 = program }
  }

  func kill() async {
    let program = program.withLock { program in
      defer { program = nil }
      return program
    }
    await program?.crash()
  }

  func end() async { await kill() }
}

/// A real API server.
final class KubernetesClusterAPI: ClusterAPI {
  let administrator: String? = KubernetesServer.administrator
  let controlPlane: String? = KubernetesServer.controlPlane
  private let server: KubernetesServer

  var url: String { server.url }

  init(assets: String, folder: String) throws {
    guard TestAddresses.advertised != nil else {
      throw MeshFailure("SKEIN_TEST_NETWORK is not set; run make e2e-kubernetes")
    }
    server = try KubernetesServer(assets: assets, folder: folder)
  }

  func start() throws { try server.start() }
  func kill() async { await server.kill() }
  func end() async { await server.stop() }
}

/// Objects as files say, through the client.
enum ObjectFiles {
  /// Makes the cluster's objects be as a text in YAML says, their statuses too.
  static func apply(
    _ yaml: String, by client: KubernetesClient,
    where isWanted: (KubernetesResource) -> Bool = { _ in true }
  ) async throws {
    for document in try YAMLReader.documents(yaml) where document.value != .null {
      var object = document.value
      let kind = object["kind"]?.stringValue ?? ""
      let found = KubernetesResource.find(
        apiVersion: object["apiVersion"]?.stringValue ?? "", kind: kind)
      guard let resource = found else { throw MeshFailure("\(kind) is not a kind that is known") }
      guard isWanted(resource) else { continue }
      let metadata = object["metadata"]
      let key = ObjectKey(
        namespace: resource.isNamespaced ? metadata?["namespace"]?.stringValue ?? "default" : "",
        name: metadata?["name"]?.stringValue ?? "")
      let version = client.version(of: resource)
      object["apiVersion"] = .string(resource.apiVersion(version))
      let status = object["status"]
      object["status"] = nil
      _ = try await client.apply(object, as: resource, version: version, key: key)
      if let status {
        object["status"] = status
        object["spec"] = nil
        _ = try await client.applyStatus(object, as: resource, key: key)
      }
    }
  }

  /// Makes Istio's kinds known, and gives the control plane its roles.
  static func install(by client: KubernetesClient) async throws {
    let manifests = EnvoyBinary.packageFolder + "/Manifests"
    var kinds: [ObjectKey] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: manifests + "/crds").sorted() {
      let text = ChildProgram.read("\(manifests)/crds/\(name)") ?? ""
      try await apply(text, by: client)
      kinds += try YAMLReader.documents(text).compactMap {
        $0.value[path: ["metadata", "name"]]?.stringValue.map { ObjectKey(name: $0) }
      }
    }
    let access: Set<KubernetesResource> = [
      .namespaces, .serviceAccounts, .clusterRoles, .clusterRoleBindings, .roles, .roleBindings,
    ]
    try await apply(
      ChildProgram.read(manifests + "/minimal.yaml") ?? "", by: client, where: access.contains)
    for kind in kinds {
      try await eventually("\(kind.name) is established") {
        let object = try await client.get(.customResourceDefinitions, kind)
        return object[path: ["status", "conditions"]]?.arrayValue?.contains {
          $0["type"] == "Established" && $0["status"] == "True"
        } == true
      }
    }
  }
}
