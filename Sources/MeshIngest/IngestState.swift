internal import IstioAPI
internal import KubernetesAPI
internal import MeshModel
internal import StreamingJSON

/// The cluster's objects, with what is derived from several of them.
struct IngestState {
  /// An object that was understood.
  struct Entry<Value> {
    var metadata: ObjectMeta
    var value: Value
  }

  let clusterDomain: String
  let clusterID: String
  let rootNamespace: String
  /// The ConfigMap with the mesh configuration.
  let meshConfigMap: String
  private(set) var services: [ObjectKey: Entry<KubernetesAPI.Service>] = [:]
  private(set) var slices = EndpointSlices()
  private(set) var pods: [ObjectKey: Entry<Pod>] = [:]
  private(set) var podsOfAddress: [String: Set<ObjectKey>] = [:]
  private(set) var nodes: [String: EndpointLocality] = [:]
  private(set) var serviceEntries = ServiceEntries()
  private(set) var workloads: [ConfigKey: Workload] = [:]
  private(set) var workloadsOfNamespace: [String: Set<ConfigKey>] = [:]
  /// The objects that there are.
  private(set) var known: [KubernetesResource: [ObjectKey: KnownObject]] = [:]
  /// Counts the changes of Istio's objects, good and bad ones.
  private(set) var configurationRevision: UInt64 = 0
  /// Services whose endpoints have to be joined again.
  private(set) var dirtyServices: Set<ObjectKey> = []
  /// Hosts of service entries that have to be made again.
  private(set) var dirtyHosts: Set<ServiceID> = []
  /// Nodes that moved; a look at every pod finds theirs, so one look is for all of them.
  private(set) var dirtyNodes: Set<String> = []
  /// Kinds whose first list is still to come. Until it has, endpoints would be joined once for each.
  private(set) var awaited: Set<KubernetesResource>
  private(set) var updates: [MeshUpdate] = []
  /// Which namespaces are of the mesh.
  private(set) var membership = NamespaceMembership()
  private(set) var excluded = ExcludedObjects()
  /// Whether the objects of a namespace that left the mesh and comes back have to be listed again.
  private(set) var needsListing = false
  /// What is wrong with objects; their last good version stays in force.
  var issues = ObjectReports()

  init(
    clusterDomain: String, clusterID: String, rootNamespace: String, meshConfigMap: String,
    awaiting awaited: Set<KubernetesResource>
  ) {
    self.awaited = awaited
    self.clusterDomain = clusterDomain
    self.clusterID = clusterID
    self.rootNamespace = rootNamespace
    self.meshConfigMap = meshConfigMap
  }

  /// Applies events and answers what changes in the mesh.
  mutating func apply(_ events: [IngestEvent]) -> [MeshUpdate] {
    for event in events {
      switch event {
      case .applied(let object):
        // What is of no mesh here is as if it were not there.
        if membership.includes(object.namespaceOfMesh) {
          apply(object)
        } else {
          excluded.keep(object)
        }
      case .deleted(let resource, let key):
        excluded.remove(resource, key)
        delete(resource, key)
      case .listed(let resource, let keys):
        excluded.listed(resource, keys)
        for key in (known[resource] ?? [:]).keys where !keys.contains(key) { delete(resource, key) }
        if resource == .namespaces { membership.areListed = true }
        awaited.remove(resource)
      }
    }
    defer { updates = [] }
    guard awaited.isEmpty else { return updates }
    moveNodes()
    for key in dirtyServices { joinEndpoints(key) }
    convertHosts()
    dirtyServices = []
    return updates
  }

  // MARK: Objects

  private mutating func apply(_ object: IngestedObject) {
    switch object {
    case .namespace(let object):
      guard accept(object, .namespaces) != nil else { return }
      changeMembership { $0.labels[object.key.name] = object.metadata.labels }
    case .service(let object):
      guard let value = accept(object, .services) else { return }
      services[object.key] = Entry(metadata: object.metadata, value: value)
      let service = ServiceConversion.convert(
        object.metadata, value, clusterDomain: clusterDomain)
      updates.append(.service(service.id, service))
      dirtyServices.insert(object.key)
    case .endpointSlice(let object):
      guard let value = accept(object, .endpointSlices) else { return }
      setSlice(object.key, Entry(metadata: object.metadata, value: value))
    case .pod(let object):
      guard let value = accept(object, .pods) else { return }
      // Its workload is replaced, not ended: a pod whose status changed is the same workload.
      removeAddresses(object.key)
      addPod(Entry(metadata: object.metadata, value: value))
    case .node(let object):
      guard accept(object, .nodes) != nil else { return }
      setNode(object.metadata.name, WorkloadConversion.locality(of: object.metadata.labels))
    case .configMap(let object):
      guard let value = accept(object, .configMaps) else { return }
      setConfigMap(object.metadata, value)
    case .secret(let object):
      guard let value = accept(object, .secrets, value: SecretConversion.validate) else { return }
      updates.append(.secret(secretKey(object.key), SecretConversion.contents(value)))
    case .serviceEntry(let object):
      guard let value = accept(object, .serviceEntries, value: { $0.validate() }) else { return }
      dirtyHosts.formUnion(
        serviceEntries.set(object.key, Entry(metadata: object.metadata, value: value)))
    case .workloadEntry(let object):
      guard let value = accept(object, .workloadEntries, value: { $0.validate() }) else { return }
      set(WorkloadConversion.workload(object.metadata, value))
    case .virtualService(let object):
      guard
        let (key, new) = configuration(object, .virtualServices, .virtualService, { $0.validate() })
      else { return }
      updates.append(.virtualService(key, new))
    case .destinationRule(let object):
      guard
        let (key, new) = configuration(
          object, .destinationRules, .destinationRule, { $0.validate() })
      else { return }
      updates.append(.destinationRule(key, new))
    case .gateway(let object):
      guard let (key, new) = configuration(object, .gateways, .gateway, { $0.validate() }) else {
        return
      }
      updates.append(.gateway(key, new))
    case .sidecar(let object):
      guard let (key, new) = configuration(object, .sidecars, .sidecar, { $0.validate() }) else {
        return
      }
      updates.append(.sidecar(key, new))
    case .peerAuthentication(let object):
      guard
        let (key, new) = configuration(
          object, .peerAuthentications, .peerAuthentication, { $0.validate() })
      else { return }
      updates.append(.peerAuthentication(key, new))
    }
  }

  private mutating func count(_ resource: KubernetesResource) {
    if resource.group.hasSuffix(".istio.io") { configurationRevision &+= 1 }
  }

  private mutating func delete(_ resource: KubernetesResource, _ key: ObjectKey) {
    known[resource]?[key] = nil
    count(resource)
    issues[.init(resource: resource, key: key)] = nil
    func configKey(_ kind: ConfigKind) -> ConfigKey {
      ConfigKey(kind, namespace: key.namespace, name: key.name)
    }
    switch resource {
    case .namespaces: changeMembership { $0.labels[key.name] = nil }
    case .services:
      services[key] = nil
      let id = ServiceID(
        hostname: ServiceConversion.hostname(key, clusterDomain: clusterDomain),
        namespace: key.namespace)
      updates.append(.service(id, nil))
      dirtyServices.insert(key)
      dirtyHosts.insert(id)
    case .endpointSlices:
      setSlice(key, nil)
    case .pods: removePod(key)
    case .nodes: setNode(key.name, nil)
    case .secrets: updates.append(.secret(secretKey(key), nil))
    case .serviceEntries:
      dirtyHosts.formUnion(serviceEntries.set(key, nil))
    case .workloadEntries: end(configKey(.workloadEntry))
    case .virtualServices: updates.append(.virtualService(configKey(.virtualService), nil))
    case .destinationRules: updates.append(.destinationRule(configKey(.destinationRule), nil))
    case .gateways: updates.append(.gateway(configKey(.gateway), nil))
    case .sidecars: updates.append(.sidecar(configKey(.sidecar), nil))
    case .peerAuthentications:
      updates.append(.peerAuthentication(configKey(.peerAuthentication), nil))
    default: break
    }
  }

  // MARK: Namespaces

  /// Selects by these selectors from the start; a mesh configuration in the cluster replaces them.
  mutating func select(_ selectors: [LabelSelector]) {
    changeMembership { $0.selectors = selectors }
  }

  /// Answers whether objects have to be listed again, once.
  mutating func takeNeedsListing() -> Bool {
    defer { needsListing = false }
    return needsListing
  }

  private mutating func changeMembership(_ change: (inout NamespaceMembership) -> Void) {
    let before = membership
    change(&membership)
    guard membership.isSelective || before.isSelective else { return }
    for namespace in Set(before.labels.keys).union(membership.labels.keys) {
      switch (before.includes(namespace), membership.includes(namespace)) {
      case (false, true): join(namespace)
      case (true, false): leave(namespace)
      default: break
      }
    }
  }

  private mutating func join(_ namespace: String) {
    let (objects, areIncomplete) = excluded.take(namespace)
    for object in objects { apply(object) }
    if areIncomplete { needsListing = true }
  }

  private mutating func leave(_ namespace: String) {
    for (resource, keys) in known where resource.isNamespaced {
      for key in keys.keys where key.namespace == namespace {
        delete(resource, key)
        excluded.lose(namespace)
      }
    }
  }

  private func secretKey(_ key: ObjectKey) -> ConfigKey {
    ConfigKey(.secret, namespace: key.namespace, name: key.name)
  }

  /// The contents of a good object; a bad one is reported and changes nothing.
  private mutating func accept<Value>(
    _ object: DecodedObject<Value>, _ resource: KubernetesResource,
    value validate: (Value) -> [FieldIssue] = { _ in [] }
  ) -> Value? {
    known[resource, default: [:]][object.key] = KnownObject(
      uid: object.metadata.uid, generation: object.metadata.generation)
    count(resource)
    let subject = ObjectReport.Subject(resource: resource, key: object.key)
    var problems = object.issues
    if let value = object.value { problems += validate(value) }
    let isRejected = problems.contains { $0.severity == .error }
    issues[subject] =
      problems.isEmpty && object.unknownFields.isEmpty
      ? nil
      : ObjectReport(
        subject: subject, isRejected: isRejected, issues: problems,
        unknownFields: object.unknownFields)
    return isRejected ? nil : object.value
  }

  private mutating func configuration<Spec>(
    _ object: DecodedObject<Spec>, _ resource: KubernetesResource, _ kind: ConfigKind,
    _ validate: (Spec) -> [FieldIssue]
  ) -> (ConfigKey, Configuration<Spec>)? {
    guard let spec = accept(object, resource, value: validate) else { return nil }
    let key = ConfigKey(kind, namespace: object.key.namespace, name: object.key.name)
    return (
      key,
      Configuration(
        key: key, creationTime: object.metadata.creationTimestamp?.seconds ?? 0, spec: spec)
    )
  }

  // MARK: Pods and nodes

  private mutating func addPod(_ entry: Entry<Pod>) {
    let key = entry.metadata.key
    pods[key] = entry
    for address in Set([entry.value.podIP] + entry.value.podIPs) where !address.isEmpty {
      podsOfAddress[address, default: []].insert(key)
    }
    markServices(of: entry)
    if let workload = WorkloadConversion.workload(entry.metadata, entry.value, nodes: nodes) {
      set(workload)
    } else {
      end(ConfigKey(.pod, namespace: key.namespace, name: key.name))
    }
  }

  private mutating func removePod(_ key: ObjectKey) {
    removeAddresses(key)
    end(ConfigKey(.pod, namespace: key.namespace, name: key.name))
  }

  private mutating func removeAddresses(_ key: ObjectKey) {
    guard let old = pods.removeValue(forKey: key) else { return }
    for address in Set([old.value.podIP] + old.value.podIPs) {
      podsOfAddress[address]?.remove(key)
      if podsOfAddress[address]?.isEmpty == true { podsOfAddress[address] = nil }
    }
    markServices(of: old)
  }

  private mutating func markServices(of pod: Entry<Pod>) {
    let addresses = Set([pod.value.podIP] + pod.value.podIPs)
    dirtyServices.formUnion(slices.services(of: pod.metadata.key, addresses))
  }

  private mutating func setNode(_ name: String, _ locality: EndpointLocality?) {
    guard nodes[name] != locality else { return }
    nodes[name] = locality
    dirtyNodes.insert(name)
  }

  private mutating func moveNodes() {
    guard !dirtyNodes.isEmpty else { return }
    let moved = pods.values.filter { dirtyNodes.contains($0.value.nodeName) }
    for entry in moved { addPod(entry) }
    for name in dirtyNodes { dirtyServices.formUnion(slices.services(onNode: name)) }
    dirtyNodes = []
  }

  private mutating func set(_ workload: Workload) {
    let old = workloads[workload.origin]
    guard old != workload else { return }
    workloads[workload.origin] = workload
    workloadsOfNamespace[workload.namespace, default: []].insert(workload.origin)
    updates.append(.workload(workload.origin, workload))
    markEntries(selecting: [old, workload].compactMap { $0 })
  }

  private mutating func end(_ key: ConfigKey) {
    guard let old = workloads.removeValue(forKey: key) else { return }
    workloadsOfNamespace[key.namespace]?.remove(key)
    if workloadsOfNamespace[key.namespace]?.isEmpty == true {
      workloadsOfNamespace[key.namespace] = nil
    }
    updates.append(.workload(key, nil))
    markEntries(selecting: [old])
  }

  private mutating func markEntries(selecting workloads: [Workload]) {
    for workload in workloads { dirtyHosts.formUnion(serviceEntries.hosts(selecting: workload)) }
  }

  // MARK: Endpoints

  private mutating func setSlice(_ key: ObjectKey, _ slice: Entry<EndpointSlice>?) {
    dirtyServices.formUnion(slices.set(key, slice))
  }

  private mutating func joinEndpoints(_ key: ObjectKey) {
    let id = ServiceID(
      hostname: ServiceConversion.hostname(key, clusterDomain: clusterDomain),
      namespace: key.namespace)
    guard let service = services[key] else {
      updates.append(.endpoints(id, []))
      return
    }
    let conversion = EndpointConversion(
      pods: pods, podsOfAddress: podsOfAddress, nodes: nodes, clusterID: clusterID)
    var seen: Set<String> = []
    var endpoints: [MeshEndpoint] = []
    var hasUnknownPods = false
    for slice in slices.slices(of: key) {
      let found = conversion.endpoints(
        slice, publishesNotReady: service.value.publishNotReadyAddresses)
      hasUnknownPods = hasUnknownPods || found.hasUnknownPods
      // An address moves between slices, so for a moment it can be in two.
      endpoints += found.endpoints.filter { seen.insert($0.place).inserted }
    }
    // What was there is better than nothing until the pods of the new endpoints are known.
    if endpoints.isEmpty, hasUnknownPods { return }
    endpoints.sort { $0.address < $1.address }
    updates.append(.endpoints(id, endpoints))
  }

  // MARK: Service entries and mesh configuration

  private mutating func convertHosts() {
    var selected: [ObjectKey: [Workload]] = [:]
    for id in dirtyHosts where !isOfService(id) {
      let owners = sharing(serviceEntries.entries(of: id)).map {
        ServiceEntryConversion(metadata: $0.metadata, entry: $0.value, clusterID: clusterID)
      }
      var seen: Set<String> = []
      var endpoints: [MeshEndpoint] = []
      for owner in owners {
        let key = owner.metadata.key
        let workloads = selected[key] ?? workloads(selectedBy: owner)
        selected[key] = workloads
        let own = owner.endpoints(host: id.hostname, selected: workloads)
        endpoints += owners.count == 1 ? own : own.filter { seen.insert($0.place).inserted }
      }
      // The oldest entry says what the host is; all that find endpoints as it does say where it is.
      updates.append(.service(id, owners.first?.service(id)))
      updates.append(.endpoints(id, endpoints))
    }
    dirtyHosts = []
  }

  /// Of entries of one host, oldest first, those whose endpoints can be in one cluster: resolved in the same
  /// way, and one alone where only one endpoint can be.
  private func sharing(_ entries: [ServiceEntries.Entry]) -> [ServiceEntries.Entry] {
    guard let first = entries.first else { return [] }
    let resolution = first.value.resolution
    guard resolution != .dnsRoundRobin else { return [first] }
    return entries.filter { $0.value.resolution == resolution }
  }

  /// Whether a host is that of a Kubernetes Service, which comes before every service entry.
  private func isOfService(_ id: ServiceID) -> Bool {
    let suffix = ".\(id.namespace).svc.\(clusterDomain)".lowercased()
    guard id.hostname.hasSuffix(suffix) else { return false }
    let name = String(id.hostname.dropLast(suffix.count))
    return services[ObjectKey(namespace: id.namespace, name: name)] != nil
  }

  private func workloads(selectedBy entry: ServiceEntryConversion) -> [Workload] {
    guard let selector = entry.entry.workloadSelector else { return [] }
    return (workloadsOfNamespace[entry.metadata.namespace] ?? []).compactMap { workloads[$0] }
      .filter { $0.labels.isSelected(by: selector.labels) }.sorted { $0.origin < $1.origin }
  }

  private mutating func setConfigMap(_ metadata: ObjectMeta, _ value: ConfigMap) {
    guard metadata.namespace == rootNamespace, metadata.name == meshConfigMap,
      let text = value.data["mesh"]
    else { return }
    let subject = ObjectReport.Subject(resource: .configMaps, key: metadata.key)
    switch MeshConfigurationText.read(text) {
    case .success(let mesh):
      updates.append(.meshConfig(mesh))
      changeMembership { $0.selectors = mesh.discoverySelectors }
      issues[subject] = nil
    case .failure(let issue):
      issues[subject] = ObjectReport(
        subject: subject, isRejected: true, issues: [issue], unknownFields: [])
    }
  }
}

extension MeshEndpoint {
  /// Tells endpoints of a service apart.
  fileprivate var place: String { "\(address) \(ports.sorted { $0.key < $1.key })" }
}
