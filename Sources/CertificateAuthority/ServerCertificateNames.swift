package import OpenSSLCrypto

/// The names under which agents and webhooks reach the control plane.
package enum ServerCertificateNames {
  /// Names in a cluster: the host of the discovery address, custom hosts, and the services istiod
  /// goes by in its namespace.
  package static func cluster(
    namespace: String, revision: String, discoveryHost: String?, customHosts: [String]
  ) -> [SubjectAlternativeName] {
    var hosts = ([discoveryHost] + customHosts).compactMap { $0 }
    hosts += ["istiod", "istiod-remote", "istio-pilot"].map { "\($0).\(namespace).svc" }
    if !revision.isEmpty, revision != "default" {
      hosts.append("istiod-\(revision).\(namespace).svc")
    }
    var seen: Set<String> = []
    return hosts.filter { !$0.isEmpty && seen.insert($0).inserted }.map { .dns($0) }
  }

  /// Names on one machine without a cluster, added to those in a cluster.
  package static let loopback: [SubjectAlternativeName] = [
    .dns("localhost"), .ipAddress([127, 0, 0, 1]),
    .ipAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
  ]
}
