internal import ProtobufWire

/// What a proxy looks for inside a resource: the names of others that it has to ask for.
enum ReceivedResource {
  /// Whether a cluster gets its endpoints by discovery (`Cluster.type`, field 2, is `EDS`).
  static func needsEndpoints(_ cluster: ArraySlice<UInt8>) throws(WireReader.Malformed) -> Bool {
    var reader = WireReader(cluster)
    while let field = try reader.next() {
      if field.number == 2, case .integer(let type) = field.value { return type == 3 }
    }
    return false
  }

  /// The name under which a cluster's endpoints are asked for.
  static func endpointsName(
    _ cluster: ArraySlice<UInt8>
  ) throws(WireReader.Malformed) -> ArraySlice<UInt8>? {
    guard let configuration = try ReceivedResponse.first(3, in: cluster) else { return nil }
    return try ReceivedResponse.first(2, in: configuration)
  }

  /// The route configurations that a listener's connection managers ask for.
  static func routeNames(
    _ listener: ArraySlice<UInt8>
  ) throws(WireReader.Malformed) -> [ArraySlice<UInt8>] {
    var names: [ArraySlice<UInt8>] = []
    var reader = WireReader(listener)
    while let field = try reader.next() {
      // `filter_chains` and `default_filter_chain`.
      guard field.number == 3 || field.number == 25, case .data(let chain) = field.value else {
        continue
      }
      var filters = WireReader(chain)
      while let filter = try filters.next() {
        guard filter.number == 3, case .data(let data) = filter.value,
          let any = try ReceivedResponse.first(4, in: data),
          let type = try ReceivedResponse.first(1, in: any), type.elementsEqual(connectionManager),
          let manager = try ReceivedResponse.first(2, in: any),
          let rds = try ReceivedResponse.first(3, in: manager),
          let name = try ReceivedResponse.first(2, in: rds)
        else { continue }
        names.append(name)
      }
    }
    return names
  }

  /// Whether a route configuration gets its virtual hosts by discovery (`vhds`, field 9).
  static func needsVirtualHosts(_ route: ArraySlice<UInt8>) throws(WireReader.Malformed) -> Bool {
    try ReceivedResponse.first(9, in: route) != nil
  }

  private static let connectionManager = Array(
    ("type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
      + ".HttpConnectionManager").utf8)
}
