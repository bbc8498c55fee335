internal import Foundation
import MeshTesting
internal import OpenSSLCrypto

/// A real kube-apiserver on a real etcd, from the folder that `KUBEBUILDER_ASSETS` names.
struct KubernetesServer {
  static let assets = ProcessInfo.processInfo.environment["KUBEBUILDER_ASSETS"].flatMap {
    FileManager.default.isExecutableFile(atPath: "\($0)/kube-apiserver") ? $0 : nil
  }

  let url: String
  let token: String

  /// Runs both for the length of a closure.
  static func run<Result>(
    assets: String, folder: String, _ body: (KubernetesServer) async throws -> Result
  ) async throws -> Result {
    let ports = try (0..<3).map { _ in try FreePort.next() }
    let etcd = "http://127.0.0.1:\(ports[0])"
    let peers = "http://127.0.0.1:\(ports[1])"
    let token = "test-administrator"
    let key = "\(folder)/accounts.pem"
    try PrivateFile.write(Array(PrivateKey(generating: .rsa2048).pem().utf8), to: key)
    try PrivateFile.write(
      Array("\(token),admin,admin,\"system:masters\"\n".utf8), to: "\(folder)/tokens.csv")
    let storage = try start(
      "\(assets)/etcd",
      [
        "--data-dir", "\(folder)/etcd", "--listen-client-urls", etcd,
        "--advertise-client-urls", etcd, "--listen-peer-urls", peers,
        "--initial-advertise-peer-urls", peers, "--initial-cluster", "default=\(peers)",
        "--unsafe-no-fsync",
      ], log: "\(folder)/etcd.log")
    defer { stop(storage) }
    let server = try start(
      "\(assets)/kube-apiserver",
      [
        "--etcd-servers", etcd, "--secure-port", "\(ports[2])", "--bind-address", "127.0.0.1",
        "--cert-dir", "\(folder)/certificates", "--token-auth-file", "\(folder)/tokens.csv",
        "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.96.0.0/16",
        "--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file", key, "--service-account-signing-key-file", key,
        // Its controller is not there to make the accounts that pods run as.
        "--disable-admission-plugins", "ServiceAccount",
      ], log: "\(folder)/kube-apiserver.log")
    defer { stop(server) }
    return try await body(
      KubernetesServer(url: "https://127.0.0.1:\(ports[2])", token: token))
  }

  private static func start(_ path: String, _ arguments: [String], log: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
  }

  private static func stop(_ process: Process) {
    process.terminate()
    process.waitUntilExit()
  }
}
