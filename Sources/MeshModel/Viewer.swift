/// Who looks at the mesh: the little in which proxies of one kind differ from each other.
///
/// A computation learns of its viewer only by asking ``SnapshotReader``, which records the answers: a
/// result holds for every viewer that would have been given the same ones.
package struct Viewer: Hashable, Sendable {
  package var namespace: String
  /// The namespace in the viewer's DNS search domain, for which hosts may be called by their first name.
  package var searchNamespace: String
  /// The labels, as far as configuration selects clients by them.
  package var labels: [String: String]
  /// The node that the viewer runs on, where there are services for which that matters; else empty.
  package var node: String

  package init(
    namespace: String = "", searchNamespace: String? = nil, labels: [String: String] = [:],
    node: String = ""
  ) {
    self.namespace = namespace
    self.searchNamespace = searchNamespace ?? namespace
    self.labels = labels
    self.node = node
  }

  /// What can be asked of a viewer.
  package enum Question: Hashable, Sendable {
    case isOf(namespace: String)
    case searches(namespace: String)
    case isSelected(by: [String: String])
    case isOn(node: String)
  }

  package func answer(_ question: Question) -> Bool {
    switch question {
    case .isOf(let namespace): namespace == self.namespace
    case .searches(let namespace): namespace == searchNamespace
    case .isSelected(let selector): labels.isSelected(by: selector)
    case .isOn(let node): node == self.node
    }
  }
}
