internal import MeshModel

/// The services that a proxy can see: one for each host.
enum VisibleServices {
  /// The service that the viewer means by `host`.
  static func service(
    ofHost host: String, _ listeners: [EgressListener], _ reader: inout SnapshotReader
  ) -> MeshService? {
    for service in reader.services(ofHost: host)
    where isMeant(service, listeners, &reader) {
      return service
    }
    return nil
  }

  /// Whether the viewer means `service` by its host: of several that it sees its own stands first, then
  /// Kubernetes', then the oldest.
  static func isMeant(
    _ service: MeshService, _ listeners: [EgressListener], _ reader: inout SnapshotReader
  ) -> Bool {
    guard isSeen(service, listeners, &reader) else { return false }
    for other in reader.siblings(of: service) where isSeen(other, listeners, &reader) {
      if precedes(other, service, &reader) { return false }
    }
    return true
  }

  private static func isSeen(
    _ service: MeshService, _ listeners: [EgressListener], _ reader: inout SnapshotReader
  ) -> Bool {
    guard reader.isVisible(service) else { return false }
    for listener in listeners where listener.imports(service, &reader) { return true }
    return false
  }

  private static func precedes(
    _ left: MeshService, _ right: MeshService, _ reader: inout SnapshotReader
  ) -> Bool {
    if left.id.namespace != right.id.namespace {
      if reader.isOwn(left.id.namespace) { return true }
      if reader.isOwn(right.id.namespace) { return false }
    }
    if left.source != right.source { return left.source == .kubernetes }
    return (left.creationTime, left.id.namespace) < (right.creationTime, right.id.namespace)
  }
}
