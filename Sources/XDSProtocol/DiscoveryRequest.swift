internal import HashTreeCollections

/// A request of either variant of the protocol, reduced to what a session needs.
package struct DiscoveryRequest: Sendable {
  package var typeURL: String
  package var nonce: String
  /// The proxy's error text; nil unless the request is a NACK.
  package var errorMessage: String?
  package var names: Names

  /// The part that differs between the variants.
  package enum Names: Sendable {
    /// Every name the proxy is interested in.
    case all(NameList)
    /// What changes in the proxy's interest, and the versions it holds from an earlier stream.
    case change(subscribe: NameList, unsubscribe: NameList, held: HeldVersions)
  }

  package init(typeURL: String, nonce: String = "", errorMessage: String? = nil, names: Names) {
    self.typeURL = typeURL
    self.nonce = nonce
    self.errorMessage = errorMessage
    self.names = names
  }
}

/// What a session wants its stream to do.
package enum SessionAction: Sendable {
  case respond(DiscoveryResponse)
  /// Call ``DiscoverySession/wake(state:now:)`` at this time, in milliseconds of the session's clock.
  case wake(at: Int64)
  case acknowledged(ResourceType)
  case rejected(Rejection)
  /// A nonce that is not the last one's; nothing else was read from the request.
  case staleNonce(ResourceType)
}

/// A response before it is put into bytes.
package struct DiscoveryResponse: Sendable {
  package var type: ResourceType
  package var nonce: String
  /// Views whose resources of the type are sent as they are, all of them.
  package var whole: [ResourceState.Part]
  /// Resources that are sent one by one.
  package var single: [EncodedResource]
  /// Names the proxy shall forget; only in the incremental variant.
  package var removed: [String]
  /// A digest of all that the proxy shall hold of this type.
  package var version: String

  package init(
    type: ResourceType, nonce: String, whole: [ResourceState.Part] = [],
    single: [EncodedResource] = [], removed: [String] = [], version: String = ""
  ) {
    self.type = type
    self.nonce = nonce
    self.whole = whole
    self.single = single
    self.removed = removed
    self.version = version
  }

  /// Every resource that is sent.
  package var resources: [EncodedResource] {
    whole.flatMap { $0.resources[type].values } + single
  }

  /// How many resources are sent.
  package var count: Int {
    whole.reduce(single.count) { $0 + $1.resources.summary(type).count }
  }
}

/// A resource that a proxy refused.
package struct Rejection: Hashable, Sendable {
  package var type: ResourceType
  package var name: String
  /// The version it refused.
  package var version: String
  /// What Envoy said.
  package var message: String
  /// The objects the resource was made from.
  package var sources: [String]
}
