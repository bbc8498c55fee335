internal import IstioAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import MeshIngest
internal import ServiceLifecycle
internal import StreamingJSON

/// Follows the objects of the API and hands them to the ingest.
struct IngestService: ServiceLifecycle.Service {
  let client: @Sendable () async throws -> KubernetesClient
  let ingest: MeshIngest
  let readiness: Readiness
  let audit: ObjectAudit
  let relisting: Relisting
  /// The namespace whose ConfigMaps are read.
  let rootNamespace: String
  /// Wakes translation.
  let signal: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    let client = try await client()
    let gate = ListingGate()
    await cancelWhenGracefulShutdown {
      var isWished = true
      while isWished {
        isWished = await withTaskGroup(of: Void.self) { group in
          follow(client, gate, &group)
          defer { group.cancelAll() }
          return await relisting.next()
        }
      }
    }
  }

  private func follow(
    _ client: KubernetesClient, _ gate: ListingGate, _ group: inout TaskGroup<Void>
  ) {
    func add<Value>(
      _ watch: ResourceWatch<Value>, _ resource: KubernetesResource,
      _ wrap: @escaping @Sendable (DecodedObject<Value>) -> IngestedObject
    ) {
      group.addTask { await self.follow(client, watch, resource, gate, wrap) }
    }
    add(client.watch(Namespace.self), .namespaces) { .namespace($0) }
    add(client.watch(Service_.self), .services) { .service($0) }
    add(client.watch(EndpointSlice.self), .endpointSlices) { .endpointSlice($0) }
    add(client.watch(Pod.self), .pods) { .pod($0) }
    add(client.watch(Node.self), .nodes) { .node($0) }
    add(client.watch(ConfigMap.self, namespace: rootNamespace), .configMaps) { .configMap($0) }
    add(client.watch(Secret.self), .secrets) { .secret($0) }
    add(client.watch(.virtualServices, as: VirtualService.self), .virtualServices) {
      .virtualService($0)
    }
    add(client.watch(.destinationRules, as: DestinationRule.self), .destinationRules) {
      .destinationRule($0)
    }
    add(client.watch(.gateways, as: Gateway.self), .gateways) { .gateway($0) }
    add(client.watch(.serviceEntries, as: ServiceEntry.self), .serviceEntries) {
      .serviceEntry($0)
    }
    add(client.watch(.workloadEntries, as: WorkloadEntry.self), .workloadEntries) {
      .workloadEntry($0)
    }
    add(client.watch(.sidecars, as: Sidecar.self), .sidecars) { .sidecar($0) }
    add(client.watch(.peerAuthentications, as: PeerAuthentication.self), .peerAuthentications) {
      .peerAuthentication($0)
    }
  }

  private typealias Service_ = KubernetesAPI.Service

  /// Follows one kind; a listing is applied as one step, so that no half of it is ever seen.
  private func follow<Value>(
    _ client: KubernetesClient, _ watch: ResourceWatch<Value>, _ resource: KubernetesResource,
    _ gate: ListingGate, _ wrap: @escaping @Sendable (DecodedObject<Value>) -> IngestedObject
  ) async {
    var listing: [ObjectKey: DecodedObject<Value>] = [:]
    let audited = audit.follow(
      resource, watch, client, apply: { [ingest] in ingest.apply([.applied(wrap($0))]) },
      gone: { [ingest] in ingest.apply([.deleted(resource, $0)]) })
    for await event in watch {
      switch event {
      case .initStart: listing = [:]
      case .initApply(let object): listing[object.key] = object
      case .initDelete(let key): listing[key] = nil
      case .initDone:
        audited.listed(listing.values)
        let events = listing.values.map { IngestEvent.applied(wrap($0)) }
        let isMirrored = client.syncStates[resource] == .mirrored
        ingest.apply(
          gate.listed(
            resource, events + [.listed(resource, Set(listing.keys))], isMirrored: isMirrored))
        listing = [:]
        if readiness.listed(resource) {
          // Wakes translation even when nothing changed: an empty mesh is complete too.
          signal()
        }
      case .apply(let object):
        audited.applied(object)
        ingest.apply(gate.pass(resource, [.applied(wrap(object))]))
      case .delete(let key):
        audited.deleted(key)
        ingest.apply(gate.pass(resource, [.deleted(resource, key)]))
      }
    }
  }
}
