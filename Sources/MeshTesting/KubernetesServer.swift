internal import Foundation
internal import OpenSSLCrypto
internal import Synchronization

/// A real kube-apiserver on a real etcd, from the folder that `KUBEBUILDER_ASSETS` names.
package final class KubernetesServer: Sendable {
  /// The folder; nil where there is none.
  package static let assets = ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"].flatMap {
    FileManager.default.isExecutableFile(atPath: "\($0)/kube-apiserver") ? $0 : nil
  }

  /// The token of somebody who may do everything.
  package static let administrator = "test-administrator"
  /// The token of the control plane's service account, which may do what its roles say.
  package static let controlPlane = "test-control-plane"

  /// Where the API is.
  package let url: String
  private let assets: String
  private let folder: String
  private let port: Int
  private let etcd: String
  private let storage: MeshProgram
  private let server = Mutex<MeshProgram?>(nil)

  /// Starts the storage, in a folder; the API itself is started by ``start()``.
  package init(assets: String, folder: String) throws {
    self.assets = assets
    self.folder = folder
    port = try FreePort.next()
    url = "https://127.0.0.1:\(port)"
    etcd = "http://127.0.0.1:\(try FreePort.next())"
    let peers = "http://127.0.0.1:\(try FreePort.next())"
    try PrivateFile.write(
      Array(PrivateKey(generating: .rsa2048).pem().utf8), to: "\(folder)/accounts.pem")
    let tokens = """
      \(Self.administrator),admin,admin,"system:masters"
      \(Self.controlPlane),system:serviceaccount:istio-system:istiod,istiod,"system:authenticated"

      """
    try PrivateFile.write(Array(tokens.utf8), to: "\(folder)/tokens.csv")
    storage = try MeshProgram(
      "etcd",
      [
        "\(assets)/etcd", "--data-dir", "\(folder)/etcd", "--listen-client-urls", etcd,
        "--advertise-client-urls", etcd, "--listen-peer-urls", peers,
        "--initial-advertise-peer-urls", peers, "--initial-cluster", "default=\(peers)",
        "--unsafe-no-fsync",
      ], log: "\(folder)/etcd.log")
  }

  /// Starts the API, which takes some seconds to answer.
  package func start() throws {
    let key = "\(folder)/accounts.pem"
    let program = try MeshProgram(
      "kube-apiserver",
      [
        "\(assets)/kube-apiserver", "--etcd-servers", etcd, "--secure-port", "\(port)",
        "--bind-address", "127.0.0.1", "--cert-dir", "\(folder)/certificates",
        "--token-auth-file", "\(folder)/tokens.csv", "--authorization-mode", "RBAC",
        "--service-cluster-ip-range", "10.96.0.0/16",
        "--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file", key, "--service-account-signing-key-file", key,
        // Its controller is not there to make the accounts that pods run as.
        "--disable-admission-plugins", "ServiceAccount",
        // Webhooks are asked at the endpoints of their service; nobody routes its address.
        "--enable-aggregator-routing=true",
      ] + (TestAddresses.advertised.map { ["--advertise-address", $0] } ?? []),
      log: "\(folder)/kube-apiserver.log")
    server.withLock { $0 = program }
  }

  /// Kills the API; what it stored stays.
  package func kill() async {
    let program = server.withLock { server in
      defer { server = nil }
      return server
    }
    await program?.crash()
  }

  /// Ends both.
  package func stop() async {
    await kill()
    await storage.crash()
  }
}
