internal import Foundation
internal import KubernetesAPI
package import StreamingJSON
internal import Synchronization

/// A program that gives credentials, as clouds have them
/// (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>).
package final class ExecPlugin: CredentialSource {
  /// What to run.
  package struct Command: Hashable, Sendable {
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
    package var apiVersion: String
    /// A path, or a name that is looked for in `PATH`.
    package var command: String
    package var arguments: [String] = []
    /// Added to the environment of this process.
    package var environment: [String: String] = [:]
    /// What the plugin is told of the cluster; nil where it does not ask for it.
    package var cluster: JSONValue?
    /// What to tell users who do not have the program.
    package var installHint = ""

    package init(apiVersion: String, command: String) {
      self.apiVersion = apiVersion
      self.command = command
    }
  }

  /// The longest a plugin may take, in seconds.
  private static let patience = 60.0
  private static let maximumAnswer = 1 << 20
  /// A credential is replaced this much before it expires, in seconds.
  private static let margin: Int64 = 10

  private let command: Command
  private let memory = Mutex<(credential: Credential, expiresAt: Int64?)?>(nil)
  private let queue = DispatchQueue(label: "skein.exec-plugin")

  package init(_ command: Command) {
    self.command = command
  }

  package func credential() async throws(KubernetesClientError) -> Credential {
    if let credential = remembered() { return credential }
    let result = await withCheckedContinuation { continuation in
      // One after the other: who waited finds what the one before has got.
      queue.async { continuation.resume(returning: self.obtain()) }
    }
    return try result.get()
  }

  package func refused(_ credential: Credential) {
    memory.withLock { if $0?.credential == credential { $0 = nil } }
  }

  private func remembered() -> Credential? {
    guard let (credential, expiresAt) = memory.withLock({ $0 }) else { return nil }
    let now = Int64(Date().timeIntervalSince1970)
    if let expiresAt, expiresAt - Self.margin <= now { return nil }
    return credential
  }

  private func obtain() -> Result<Credential, KubernetesClientError> {
    if let credential = remembered() { return .success(credential) }
    do throws(KubernetesClientError) {
      let (credential, expiresAt) = try Self.read(try run(), command)
      memory.withLock { $0 = (credential, expiresAt) }
      return .success(credential)
    } catch {
      return .failure(error)
    }
  }

  private func run() throws(KubernetesClientError) -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command.command] + command.arguments
    var environment = ProcessInfo.processInfo.environment
    environment.merge(command.environment) { $1 }
    var information: JSONValue = [
      "apiVersion": .string(command.apiVersion), "kind": "ExecCredential",
      "spec": ["interactive": false],
    ]
    if let cluster = command.cluster {
      information["spec"] = ["interactive": false, "cluster": cluster]
    }
    environment["KUBERNETES_EXEC_INFO"] = String(
      decoding: information.serialized(), as: UTF8.self)
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw failure("cannot be run: \(error)")
    }
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + Self.patience)
    timer.setEventHandler { process.terminate() }
    timer.resume()
    defer { timer.cancel() }
    var bytes: [UInt8] = []
    while true {
      let chunk = output.fileHandleForReading.availableData
      if chunk.isEmpty { break }
      bytes.append(contentsOf: chunk)
      if bytes.count > Self.maximumAnswer {
        process.terminate()
        process.waitUntilExit()
        throw failure("answers with more than \(Self.maximumAnswer) bytes")
      }
    }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let hint = command.installHint.isEmpty ? "" : "; \(command.installHint)"
      throw failure("ends with \(process.terminationStatus)\(hint)")
    }
    return bytes
  }

  private func failure(_ reason: String) -> KubernetesClientError {
    .unreachable("the credential plugin \(command.command) \(reason)")
  }

  /// What a plugin's answer says; for its tests.
  static func read(
    _ bytes: [UInt8], _ command: Command
  ) throws(KubernetesClientError) -> (Credential, expiresAt: Int64?) {
    func failure(_ reason: String) -> KubernetesClientError {
      .unreachable("the credential plugin \(command.command) \(reason)")
    }
    guard let answer = try? JSONValue(parsing: bytes) else { throw failure("answers no JSON") }
    guard answer["kind"]?.stringValue == "ExecCredential",
      answer["apiVersion"]?.stringValue == command.apiVersion
    else { throw failure("answers no ExecCredential of \(command.apiVersion)") }
    var credential = Credential()
    if let token = answer[path: ["status", "token"]]?.stringValue, !token.isEmpty {
      credential = .bearer(token)
    }
    if let chain = answer[path: ["status", "clientCertificateData"]]?.stringValue,
      let key = answer[path: ["status", "clientKeyData"]]?.stringValue
    {
      credential.keyPair = .init(chainPEM: Array(chain.utf8), keyPEM: Array(key.utf8))
    }
    guard credential != Credential() else { throw failure("answers neither token nor certificate") }
    let expiry = answer[path: ["status", "expirationTimestamp"]]?.stringValue
    return (credential, expiry.flatMap { Timestamp($0) }?.seconds)
  }
}
