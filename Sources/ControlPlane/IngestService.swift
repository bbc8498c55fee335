internal import IstioAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import MeshIngest
internal import ServiceLifecycle
internal import StandaloneAPI
internal import StreamingJSON
internal import Synchronization

/// Follows the objects of the API and hands them to the ingest.
struct IngestService: ServiceLifecycle.Service {
  let api: StandaloneAPIServer
  let ingest: MeshIngest
  let readiness: Readiness
  /// Wakes translation.
  let signal: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    let client = KubernetesClient(
      configuration: .init(baseURL: "http://\(try await api.boundAddress)"), logger: logger)
    await cancelWhenGracefulShutdown {
      await follow(client)
    }
    await client.shutdown()
  }

  private func follow(_ client: KubernetesClient) async {
    await withDiscardingTaskGroup { group in
      let pending = PendingLists(count: IngestedObject.resources.count) {
        readiness.meet(.synced)
        // Wakes translation even when nothing changed: an empty mesh is complete too.
        signal()
      }
      func add<Value>(
        _ watch: ResourceWatch<Value>, _ resource: KubernetesResource,
        _ wrap: @escaping @Sendable (DecodedObject<Value>) -> IngestedObject
      ) {
        group.addTask { await self.follow(watch, resource, pending, wrap) }
      }
      add(client.watch(Service_.self), .services) { .service($0) }
      add(client.watch(EndpointSlice.self), .endpointSlices) { .endpointSlice($0) }
      add(client.watch(Pod.self), .pods) { .pod($0) }
      add(client.watch(Node.self), .nodes) { .node($0) }
      add(client.watch(ConfigMap.self), .configMaps) { .configMap($0) }
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
  }

  private typealias Service_ = KubernetesAPI.Service

  /// Follows one kind; a listing is applied as one step, so that no half of it is ever seen.
  private func follow<Value>(
    _ watch: ResourceWatch<Value>, _ resource: KubernetesResource, _ pending: PendingLists,
    _ wrap: @Sendable (DecodedObject<Value>) -> IngestedObject
  ) async {
    var listing: [IngestEvent] = []
    var listed: Set<ObjectKey> = []
    for await event in watch {
      switch event {
      case .initStart:
        listing = []
        listed = []
      case .initApply(let object):
        listing.append(.applied(wrap(object)))
        listed.insert(object.key)
      case .initDone:
        ingest.apply(listing + [.listed(resource, listed)])
        listing = []
        pending.complete(resource)
      case .apply(let object): ingest.apply([.applied(wrap(object))])
      case .delete(let key): ingest.apply([.deleted(resource, key)])
      }
    }
  }
}

/// Counts the kinds whose first listing is still to come.
private final class PendingLists: Sendable {
  private let state: Mutex<(complete: Set<KubernetesResource>, count: Int)>
  private let finished: @Sendable () -> Void

  init(count: Int, finished: @escaping @Sendable () -> Void) {
    state = Mutex((complete: [], count: count))
    self.finished = finished
  }

  func complete(_ resource: KubernetesResource) {
    let isLast = state.withLock { state in
      state.complete.insert(resource).inserted && state.complete.count == state.count
    }
    if isLast { finished() }
  }
}
