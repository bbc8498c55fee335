internal import ProtobufWire

/// A response of a discovery server, taken apart as far as a proxy's conversation needs.
struct ReceivedResponse {
  /// One resource as it stands in the response.
  struct Resource {
    /// Empty where only the body names it (state of the world).
    var name: ArraySlice<UInt8>
    /// Empty in the state of the world.
    var version: ArraySlice<UInt8>
    /// The resource's own bytes, without the `Any` around it.
    var body: ArraySlice<UInt8>
  }

  var typeURL = ""
  var nonce = ""
  var version = ""
  var resources: [Resource] = []
  var removed: [ArraySlice<UInt8>] = []

  /// Reads a `DiscoveryResponse` or `DeltaDiscoveryResponse`.
  ///
  /// Source: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto>.
  init(_ bytes: [UInt8], isDelta: Bool) throws(WireReader.Malformed) {
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      guard case .data(let data) = field.value else { continue }
      switch field.number {
      case 1: version = String(decoding: data, as: UTF8.self)
      case 2: resources.append(try isDelta ? Self.entry(data) : Self.body(data))
      case 4: typeURL = String(decoding: data, as: UTF8.self)
      case 5: nonce = String(decoding: data, as: UTF8.self)
      case 6 where isDelta: removed.append(data)
      default: break
      }
    }
    guard !isDelta else { return }
    // Clusters, assignments, listeners, routes and secrets all have their name in field 1.
    for index in resources.indices {
      resources[index].name = try Self.first(1, in: resources[index].body) ?? []
    }
  }

  private static func entry(_ data: ArraySlice<UInt8>) throws(WireReader.Malformed) -> Resource {
    var resource = Resource(name: [], version: [], body: [])
    var reader = WireReader(data)
    while let field = try reader.next() {
      guard case .data(let data) = field.value else { continue }
      switch field.number {
      case 1: resource.version = data
      case 2: resource.body = try body(data).body
      case 3: resource.name = data
      default: break
      }
    }
    return resource
  }

  private static func body(_ any: ArraySlice<UInt8>) throws(WireReader.Malformed) -> Resource {
    Resource(name: [], version: [], body: try first(2, in: any) ?? [])
  }

  /// The first length-delimited field of a number.
  static func first(
    _ number: UInt32, in message: ArraySlice<UInt8>
  ) throws(WireReader.Malformed) -> ArraySlice<UInt8>? {
    var reader = WireReader(message)
    while let field = try reader.next() {
      if field.number == number, case .data(let data) = field.value { return data }
    }
    return nil
  }
}
