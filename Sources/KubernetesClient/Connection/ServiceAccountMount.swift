internal import OpenSSLCrypto

/// What the kubelet gives a pod to reach the API with
/// (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>).
package struct ServiceAccountMount: Sendable {
  /// Where the kubelet puts it.
  package static let standardPath = "/var/run/secrets/kubernetes.io/serviceaccount"

  private let path: String

  package init(path: String = standardPath) {
    self.path = path
  }

  /// Whether this process has such a mount.
  package var exists: Bool { text("token") != nil }

  /// How to reach the API; nil outside a pod.
  ///
  /// `host` and `port` are those of `KUBERNETES_SERVICE_HOST` and `…_PORT`.
  package func configuration(
    host: String?, port: String?
  ) -> KubernetesClient.Configuration? {
    guard exists, let host, !host.isEmpty, let port, !port.isEmpty else { return nil }
    let bracketed = host.contains(":") ? "[\(host)]" : host
    var configuration = KubernetesClient.Configuration(baseURL: "https://\(bracketed):\(port)")
    configuration.streamsLists = true
    configuration.namespace = text("namespace")
    configuration.credentials = TokenFile(path: "\(path)/token")
    configuration.trust = text("ca.crt").map { .roots(Array($0.utf8)) } ?? .system
    return configuration
  }

  private func text(_ name: String) -> String? {
    (try? PrivateFile.read("\(path)/\(name)")).flatMap { $0 }
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
