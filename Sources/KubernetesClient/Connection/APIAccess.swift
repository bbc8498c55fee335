internal import KubernetesAPI
internal import Synchronization

/// A right that a request needs (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/>).
package struct APIAccess: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
  package var verb: String
  /// The API group; empty for the core group.
  package var group: String
  /// The plural, with `/status` for a subresource.
  package var resource: String

  package init(verb: String, group: String, resource: String) {
    self.verb = verb
    self.group = group
    self.resource = resource
  }

  package static func < (left: APIAccess, right: APIAccess) -> Bool {
    (left.group, left.resource, left.verb) < (right.group, right.resource, right.verb)
  }

  package var description: String {
    "\(verb) \(resource)\(group.isEmpty ? "" : ".\(group)")"
  }
}

/// The rights that requests of a client needed; shows what a role has to grant.
final class AccessRecord: Sendable {
  private let seen = Mutex(Set<APIAccess>())

  func note(_ verb: String, _ resource: KubernetesResource, _ subresource: String = "") {
    let access = APIAccess(
      verb: verb, group: resource.group, resource: resource.plural + subresource)
    seen.withLock { _ = $0.insert(access) }
  }

  var all: [APIAccess] { seen.withLock { $0.sorted() } }
}
