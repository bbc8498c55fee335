internal import KubernetesAPI

/// The EndpointSlices of a cluster, found by what their services' endpoints are made from.
///
/// Every index follows from the slice alone, never from what else there is: what a slice added, it takes
/// away, whatever ended in between.
struct EndpointSlices {
  typealias Entry = IngestState.Entry<EndpointSlice>

  private var all: [ObjectKey: Entry] = [:]
  private var ofService: [ObjectKey: Set<ObjectKey>] = [:]
  /// The slices that name a pod.
  private var ofPod: [ObjectKey: Set<ObjectKey>] = [:]
  /// The slices with an endpoint of no name, whose pod is found by its address.
  private var ofAddress: [String: Set<ObjectKey>] = [:]

  /// Puts `new` in the place of the slice `key`, or removes that; answers the services concerned.
  mutating func set(_ key: ObjectKey, _ new: Entry?) -> Set<ObjectKey> {
    let old = all[key]
    all[key] = new
    if let old { index(key, old, isMember: false) }
    if let new { index(key, new, isMember: true) }
    return Set([old, new].compactMap { $0.flatMap(Self.service) })
  }

  /// The slices of a service in the order of their names.
  func slices(of service: ObjectKey) -> [Entry] {
    (ofService[service] ?? []).sorted().compactMap { all[$0] }
  }

  /// The services whose endpoints a pod is behind, by its name or by one of its addresses.
  func services(of pod: ObjectKey, _ addresses: Set<String>) -> Set<ObjectKey> {
    var keys = ofPod[pod] ?? []
    for address in addresses { keys.formUnion(ofAddress[address] ?? []) }
    return Set(keys.compactMap { all[$0].flatMap(Self.service) })
  }

  /// The services with an endpoint on a node; looks at every slice.
  func services(onNode name: String) -> Set<ObjectKey> {
    Set(
      all.values.lazy.filter { $0.value.endpoints.contains { $0.nodeName == name } }
        .compactMap(Self.service))
  }

  /// How many entries each index has.
  var indexSizes: [String: Int] {
    [
      "slices": all.count, "slicesOfService": IndexSize.of(ofService),
      "slicesOfPod": IndexSize.of(ofPod), "slicesOfAddress": IndexSize.of(ofAddress),
    ]
  }

  private static func service(_ slice: Entry) -> ObjectKey? {
    slice.metadata.labels[EndpointSlice.serviceNameLabel].map {
      ObjectKey(namespace: slice.metadata.namespace, name: $0)
    }
  }

  private mutating func index(_ key: ObjectKey, _ slice: Entry, isMember: Bool) {
    guard let service = Self.service(slice) else { return }
    ofService.set(key, in: service, isMember: isMember)
    for endpoint in slice.value.endpoints {
      if let target = endpoint.targetRef, target.kind == "Pod" {
        let namespace = target.namespace.isEmpty ? slice.metadata.namespace : target.namespace
        let pod = ObjectKey(namespace: namespace, name: target.name)
        ofPod.set(key, in: pod, isMember: isMember)
      } else {
        for address in endpoint.addresses { ofAddress.set(key, in: address, isMember: isMember) }
      }
    }
  }
}

extension Dictionary where Value == Set<ObjectKey> {
  /// Puts `member` into the set of `key`, or takes it out; empty sets are not kept.
  mutating func set(_ member: ObjectKey, in key: Key, isMember: Bool) {
    if isMember {
      self[key, default: []].insert(member)
    } else {
      self[key]?.remove(member)
      if self[key]?.isEmpty == true { self[key] = nil }
    }
  }
}
