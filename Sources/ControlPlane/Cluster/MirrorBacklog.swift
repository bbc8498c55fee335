internal import KubernetesAPI
internal import KubernetesClient

/// What a mirror has still to write: of each object the last that was told of it, so that a disk that
/// hangs costs no more memory than the objects of the cluster.
struct MirrorBacklog: Sendable {
  /// What is to be written of a resource.
  struct Changes: Hashable, Sendable {
    /// How many listings began.
    var listings: Int64 = 0
    /// The number of the last listing that came to its end, from 1; nil where none did.
    var ended: Int64?
    var objects: [ObjectKey: Object] = [:]
  }

  /// What is to be written of an object.
  struct Object: Hashable, Sendable {
    /// The object; nil where it is gone.
    var json: [UInt8]?
    /// The number of the listing that was under way, or was the last; 0 for one written before.
    var listing: Int64
  }

  private(set) var resources: [KubernetesResource: Changes] = [:]

  /// Takes note of changes, in their order.
  mutating func record(_ changes: [MirrorChange], of resource: KubernetesResource) {
    for change in changes { resources[resource, default: Changes()].record(change) }
  }

  /// Both as one: this, which could not be written, and what came after it.
  func followed(by later: MirrorBacklog) -> MirrorBacklog {
    MirrorBacklog(resources: resources.merging(later.resources) { $0.followed(by: $1) })
  }
}

extension MirrorBacklog.Changes {
  fileprivate mutating func record(_ change: MirrorChange) {
    switch change {
    case .listingBegins: listings += 1
    case .object(let key, let json): objects[key] = .init(json: json, listing: listings)
    // The end of a listing whose beginning is written already is the end of listing 0.
    case .listingEnds: ended = listings
    case .gone(let key): objects[key] = .init(json: nil, listing: listings)
    }
  }

  fileprivate func followed(by later: Self) -> Self {
    var result = self
    result.listings += later.listings
    if let last = later.ended { result.ended = listings + last }
    for (key, object) in later.objects {
      result.objects[key] = .init(json: object.json, listing: listings + object.listing)
    }
    return result
  }
}
