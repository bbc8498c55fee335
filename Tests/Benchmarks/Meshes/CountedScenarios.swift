internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting
internal import Synchronization
internal import XDSProtocol

/// Counts the work of events on a mesh of Kubernetes services with one sidecar.
package enum CountedScenarios {
  /// A scenario's name with what it cost.
  package typealias Measurement = (name: String, counters: WorkCounters)

  /// Runs every scenario on one mesh of this many services, in an order that they all share.
  package static func measure(services: Int) async throws -> [Measurement] {
    let mesh = KubernetesMesh(services: services)
    let pipeline = try MeshPipeline(mesh)
    let node = try ProxyNodes.node(
      name: mesh.podName(1, 0), namespace: mesh.namespace(1), address: mesh.address(1, 0))
    let wakes = Mutex(0)
    var measurements: [Measurement] = []

    var before = PipelineCounters(pipeline)
    var proxy = await SimulatedProxy(to: pipeline.translation, as: node) {
      wakes.withLock { $0 += 1 }
    }
    proxy.start()
    measurements.append(
      ("cold start of a first proxy", total(pipeline, before, proxy.traffic, wakes: 0)))

    before = PipelineCounters(pipeline)
    var second = await SimulatedProxy(to: pipeline.translation, as: node)
    second.start()
    measurements.append(
      ("cold start of a second proxy", total(pipeline, before, second.traffic, wakes: 0)))
    before = PipelineCounters(pipeline)
    var resumed = await SimulatedProxy(to: pipeline.translation, as: node, held: second.held)
    resumed.start()
    measurements.append(
      ("return of a proxy", total(pipeline, before, resumed.traffic, wakes: 0)))
    second.close()
    resumed.close()

    for edit in try edits(mesh) {
      before = PipelineCounters(pipeline)
      let trafficBefore = proxy.traffic
      wakes.withLock { $0 = 0 }
      pipeline.apply(edit.events)
      proxy.catchUp()
      measurements.append(
        (
          edit.name,
          total(
            pipeline, before, proxy.traffic - trafficBefore, wakes: wakes.withLock { $0 })
        ))
    }
    proxy.close()
    return measurements
  }

  private static func total(
    _ pipeline: MeshPipeline, _ before: PipelineCounters, _ traffic: ProxyTraffic, wakes: Int
  ) -> WorkCounters {
    var work = PipelineCounters(pipeline).work(since: before)
    work.wakes = wakes
    work.messages = traffic.messages
    work.resourcesSent = traffic.resources
    work.removalsSent = traffic.removals
    work.bytesSent = traffic.bytes
    return work
  }

  private static func edits(
    _ mesh: KubernetesMesh
  ) throws -> [(name: String, events: [IngestEvent])] {
    let added = KubernetesMesh(services: mesh.services + 1)
    let index = mesh.services
    let key = ObjectKey(namespace: added.namespace(index), name: added.name(index))
    let metadata =
      try KubernetesMesh.applied(.services, mesh.service(3, note: 1))
      + KubernetesMesh.applied(.pods, mesh.pod(1, 0, note: 1))
      + KubernetesMesh.applied(.endpointSlices, mesh.slice(4, note: 1))
      + KubernetesMesh.applied(.virtualServices, mesh.virtualService(11, note: 1))
      + KubernetesMesh.applied(.destinationRules, mesh.destinationRule(12, note: 1))
    return [
      ("edits of metadata alone", metadata),
      (
        "an endpoint becomes unready",
        try KubernetesMesh.applied(.endpointSlices, mesh.slice(5, isFirstReady: false))
      ),
      (
        "an endpoint becomes ready",
        try KubernetesMesh.applied(.endpointSlices, mesh.slice(5))
      ),
      (
        "a VirtualService is edited",
        try KubernetesMesh.applied(.virtualServices, mesh.virtualService(11, timeout: 6))
      ),
      (
        "a DestinationRule is edited",
        try KubernetesMesh.applied(.destinationRules, mesh.destinationRule(12, connections: 101))
      ),
      ("a service is added", try added.events(index)),
      (
        "a service is removed",
        [
          .deleted(.services, key),
          .deleted(
            .endpointSlices, ObjectKey(namespace: key.namespace, name: key.name + "-1")),
        ]
      ),
      (
        "a PeerAuthentication of another namespace is added",
        try KubernetesMesh.applied(
          .peerAuthentications, mesh.peerAuthentication(7, mode: "STRICT"))
      ),
      (
        "a PeerAuthentication is edited",
        try KubernetesMesh.applied(
          .peerAuthentications, mesh.peerAuthentication(7, mode: "DISABLE"))
      ),
    ]
  }
}
