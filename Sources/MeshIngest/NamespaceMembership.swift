internal import IstioAPI

/// Which namespaces are of the mesh, by `discoverySelectors` of the mesh configuration
/// (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig>).
struct NamespaceMembership {
  /// A namespace is of the mesh where one of these selects its labels; all are where there is none.
  var selectors: [LabelSelector] = []
  var labels: [String: [String: String]] = [:]
  /// Whether the namespaces of the cluster were listed.
  var areListed = false

  /// Whether there can be a namespace that is not of the mesh.
  var isSelective: Bool { !selectors.isEmpty }

  /// Whether the objects of a namespace count; objects without one always do.
  func includes(_ namespace: String) -> Bool {
    guard isSelective, !namespace.isEmpty else { return true }
    // Nothing is left out before it can be told.
    guard let labels = labels[namespace] else { return !areListed }
    return selectors.contains { $0.selects(labels) }
  }
}
