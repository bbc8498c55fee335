internal import EnvoyTranslation
internal import MeshIngest
internal import MeshStore
internal import MeshTesting
internal import XDSProtocol

/// Objects of every kind, and proxies, that come and go on a small mesh that stays.
///
/// Each cycle has names of its own, so that whatever is kept by name shows as an entry left behind.
package struct ObjectChurn {
  private static let namespaces = 4

  private let pipeline: MeshPipeline
  private var staying: [Int: SimulatedProxyBox] = [:]
  private var number = 0

  /// A mesh of twenty services, with a sidecar that stays in each of two of its four namespaces.
  package init() async throws {
    var mesh = KubernetesMesh(services: 20)
    mesh.namespaces = Self.namespaces
    pipeline = try MeshPipeline(mesh)
    pipeline.documents.store.beginPhases()
    for index in 0..<2 {
      let node = try ProxyNodes.node(
        name: mesh.podName(index, 0), namespace: mesh.namespace(index),
        address: mesh.address(index, 0))
      staying[index] = await SimulatedProxyBox(to: pipeline, as: node)
    }
  }

  /// The entries of every index, those of the cache after a sweep, by `part.index`.
  package var indexSizes: [String: Int] {
    pipeline.translation.cache.sweep()
    var sizes = pipeline.indexSizes
    for (index, proxy) in staying { sizes["session.\(index)"] = proxy.size }
    return sizes
  }

  /// Creates one object of every kind, lets proxies come, follow and leave, and deletes all again.
  ///
  /// The order of the deletions is another one in each cycle, and proxies leave before, between and
  /// after them.
  package mutating func cycle() async throws {
    number += 1
    let objects = ChurnedObjects(
      number: number, namespace: "ns-\(number % Self.namespaces)")
    var leaving = [try await guest(objects, type: number % 3 == 0 ? "router" : "sidecar")]
    var deletions: [IngestEvent] = []
    for event in try objects.events() {
      pipeline.apply([event])
      guard case .applied(let object) = event else { continue }
      deletions.append(.deleted(object.resource, object.key))
    }
    leaving.append(try await guest(objects, type: "sidecar"))
    follow(leaving)
    pipeline.retirePeerAuthentications()
    let shift = number % deletions.count
    let order = deletions[shift...] + deletions[..<shift]
    for (index, event) in (number % 2 == 0 ? Array(order) : order.reversed()).enumerated() {
      if index == deletions.count / 2 { leaving.popLast()?.close() }
      pipeline.apply([event])
    }
    follow(leaving)
    for proxy in leaving { proxy.close() }
    pipeline.retirePeerAuthentications()
    follow([])
  }

  private func follow(_ guests: [SimulatedProxyBox]) {
    for proxy in Array(staying.values) + guests { proxy.catchUp() }
  }

  private func guest(_ objects: ChurnedObjects, type: String) async throws -> SimulatedProxyBox {
    let node = try ProxyNodes.node(
      type: type, name: objects.podName, namespace: objects.namespace,
      address: objects.podAddress, labels: ["app": objects.name])
    return await SimulatedProxyBox(to: pipeline, as: node)
  }
}

/// A proxy that can be kept in collections.
private final class SimulatedProxyBox {
  private var proxy: SimulatedProxy?

  init(to pipeline: MeshPipeline, as node: ProxyNode) async {
    var proxy = await SimulatedProxy(to: pipeline.translation, as: node)
    proxy.start()
    self.proxy = consume proxy
  }

  var size: Int { proxy?.sessionSize ?? 0 }

  func catchUp() { proxy?.catchUp() }

  func close() {
    proxy.take()?.close()
  }
}
