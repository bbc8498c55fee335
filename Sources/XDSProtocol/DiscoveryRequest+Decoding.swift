internal import ProtobufWire

/// A discovery request as it came, before anything in it is looked at closely.
package struct ReceivedRequest: Sendable {
  package var request: DiscoveryRequest
  /// The serialized `Node`; nil where the request has none.
  package var node: ArraySlice<UInt8>?

  /// Reads a `DiscoveryRequest` or `DeltaDiscoveryRequest` without copying its names.
  ///
  /// Source: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto>.
  ///
  /// - Throws: `WireReader.Malformed` for what is no protobuf message.
  package init(
    _ bytes: [UInt8], _ variant: DiscoverySession.Variant
  ) throws {
    self = try variant == .delta ? Self.delta(bytes) : Self.stateOfTheWorld(bytes)
  }

  private init(request: DiscoveryRequest, node: ArraySlice<UInt8>?) {
    self.request = request
    self.node = node
  }

  private static func stateOfTheWorld(_ bytes: [UInt8]) throws -> ReceivedRequest {
    var names = NameList()
    var received = ReceivedRequest(
      request: DiscoveryRequest(typeURL: "", names: .all(names)), node: nil)
    try unsafe WireScan.fields(of: bytes, in: 0..<bytes.count) { number, place, data in
      switch number {
      case 2: received.node = bytes[place]
      case 3: unsafe names.count(data)
      case 4: received.request.typeURL = unsafe String(decoding: data, as: UTF8.self)
      case 5: received.request.nonce = unsafe String(decoding: data, as: UTF8.self)
      case 6: received.request.errorMessage = try message(bytes, place)
      default: break
      }
    }
    names.finish(bytes, field: 3)
    received.request.names = .all(names)
    return received
  }

  private static func delta(_ bytes: [UInt8]) throws -> ReceivedRequest {
    var subscribed = NameList()
    var unsubscribed = NameList()
    var held = HeldVersions()
    var received = ReceivedRequest(
      request: DiscoveryRequest(typeURL: "", names: .all(subscribed)), node: nil)
    try unsafe WireScan.fields(of: bytes, in: 0..<bytes.count) { number, place, data in
      switch number {
      case 1: received.node = bytes[place]
      case 2: received.request.typeURL = unsafe String(decoding: data, as: UTF8.self)
      case 3: unsafe subscribed.count(data)
      case 4: unsafe unsubscribed.count(data)
      case 5:
        let (name, version) = try entry(bytes, place)
        held.count(bytes, name, version)
      case 6: received.request.nonce = unsafe String(decoding: data, as: UTF8.self)
      case 7: received.request.errorMessage = try message(bytes, place)
      default: break
      }
    }
    subscribed.finish(bytes, field: 3)
    unsubscribed.finish(bytes, field: 4)
    held.finish(bytes)
    received.request.names = .change(
      subscribe: subscribed, unsubscribe: unsubscribed, held: held)
    return received
  }

  /// Where the name and the version stand of an entry of `initial_resource_versions`.
  private static func entry(
    _ bytes: [UInt8], _ entry: Range<Int>
  ) throws -> (name: Range<Int>, version: Range<Int>) {
    var (name, version) = (0..<0, 0..<0)
    try unsafe WireScan.fields(of: bytes, in: entry) { number, place, _ in
      if number == 1 { name = place }
      if number == 2 { version = place }
    }
    return (name, version)
  }

  /// The text of a `google.rpc.Status`.
  private static func message(_ bytes: [UInt8], _ status: Range<Int>) throws -> String {
    var text = ""
    try unsafe WireScan.fields(of: bytes, in: status) { number, _, data in
      if number == 2 { text = unsafe String(decoding: data, as: UTF8.self) }
    }
    return text
  }
}
