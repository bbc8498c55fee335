/// Identifies a service of the mesh: two namespaces may declare the same host.
package struct ServiceID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The fully qualified host name, in lower case.
  package var hostname: String
  package var namespace: String

  package init(hostname: String, namespace: String) {
    self.hostname = hostname
    self.namespace = namespace
  }

  package static func < (left: ServiceID, right: ServiceID) -> Bool {
    (left.hostname, left.namespace) < (right.hostname, right.namespace)
  }

  package var description: String { "\(namespace)/\(hostname)" }
}
