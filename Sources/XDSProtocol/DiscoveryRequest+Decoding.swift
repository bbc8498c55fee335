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
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      guard case .data(let data) = field.value else { continue }
      switch field.number {
      case 2: received.node = data
      case 3: names.count(data)
      case 4: received.request.typeURL = String(decoding: data, as: UTF8.self)
      case 5: received.request.nonce = String(decoding: data, as: UTF8.self)
      case 6: received.request.errorMessage = try message(data)
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
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      guard case .data(let data) = field.value else { continue }
      switch field.number {
      case 1: received.node = data
      case 2: received.request.typeURL = String(decoding: data, as: UTF8.self)
      case 3: subscribed.count(data)
      case 4: unsubscribed.count(data)
      case 5:
        let (name, version) = try entry(data)
        held.append(name, version)
      case 6: received.request.nonce = String(decoding: data, as: UTF8.self)
      case 7: received.request.errorMessage = try message(data)
      default: break
      }
    }
    subscribed.finish(bytes, field: 3)
    unsubscribed.finish(bytes, field: 4)
    received.request.names = .change(
      subscribe: subscribed, unsubscribe: unsubscribed, held: held)
    return received
  }

  private static func entry(
    _ data: ArraySlice<UInt8>
  ) throws -> (name: ArraySlice<UInt8>, version: ArraySlice<UInt8>) {
    var (name, version): (ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [])
    var reader = WireReader(data)
    while let field = try reader.next() {
      guard case .data(let data) = field.value else { continue }
      if field.number == 1 { name = data }
      if field.number == 2 { version = data }
    }
    return (name, version)
  }

  /// The text of a `google.rpc.Status`.
  private static func message(_ status: ArraySlice<UInt8>) throws -> String {
    var text = ""
    var reader = WireReader(status)
    while let field = try reader.next() {
      if field.number == 2, case .data(let data) = field.value {
        text = String(decoding: data, as: UTF8.self)
      }
    }
    return text
  }
}
