internal import StreamingJSON

/// The order of a pod's containers, which is the order in which they start.
enum ContainerOrder {
  static func apply(to pod: inout JSONValue, proxyFirst: Bool) {
    var containers = PodParts.list("containers", of: pod)
    move(PodParts.proxyName, in: &containers, toFront: proxyFirst)
    PodParts.set("containers", containers, of: &pod)
    var initContainers = PodParts.list("initContainers", of: pod)
    guard !initContainers.isEmpty else { return }
    if initContainers.contains(where: { PodParts.name($0) == PodParts.proxyName }) {
      // Redirection, then the proxy, then the pod's own: these are part of the mesh.
      move(PodParts.proxyName, in: &initContainers, toFront: true)
      move(PodParts.initName, in: &initContainers, toFront: true)
    } else {
      // Without a proxy yet, redirection would cut the pod's own init containers off.
      move(PodParts.initName, in: &initContainers, toFront: false)
    }
    move(PodParts.validationName, in: &initContainers, toFront: true)
    PodParts.set("initContainers", initContainers, of: &pod)
  }

  private static func move(_ name: String, in list: inout [JSONValue], toFront: Bool) {
    guard let index = list.firstIndex(where: { PodParts.name($0) == name }) else { return }
    let container = list.remove(at: index)
    list.insert(container, at: toFront ? 0 : list.count)
  }
}
