internal import ProtobufWire

extension EncodedResource {
  /// The answer to a request for a name that does not exist, nil for types that stay silent.
  ///
  /// Envoy keeps a cluster or listener warming until every endpoint set and route table it asked for
  /// is answered.
  package static func empty(_ type: ResourceType, _ name: String) -> EncodedResource? {
    var payload = WireBuffer()
    switch type {
    case .endpoints:
      payload.string(1, name)
    case .route:
      payload.string(1, name)
      payload.wrapped(7, false)  // validate_clusters
    case .cluster, .listener, .virtualHost, .secret:
      return nil
    }
    return EncodedResource(type: type, name: name, version: "empty", payload: payload.bytes)
  }
}
