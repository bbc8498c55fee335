package import DiscoveryAPI
internal import ProtobufWire
internal import SwiftProtobuf

extension ProxyNode {
  /// Reads a serialized `Node`.
  ///
  /// Of the extensions, hundreds in a real Envoy, only Istio's own are read, and the first one, which
  /// tells that the node lists any.
  ///
  /// - Throws: `WireReader.Malformed` or the error of SwiftProtobuf for what is no node.
  package static func message(
    _ bytes: ArraySlice<UInt8>
  ) throws -> Envoy_Config_Core_V3_Node {
    let bytes = Array(bytes)
    var kept = WireBuffer(capacity: 2048)
    var hasExtension = false
    try unsafe WireScan.fields(of: bytes, in: 0..<bytes.count) { number, place, _ in
      if number == 9 {
        guard try !hasExtension || isIstio(bytes, place) else { return }
        hasExtension = true
      }
      kept.data(number, Array(bytes[place]))
    }
    return try Envoy_Config_Core_V3_Node(serializedBytes: kept.bytes)
  }

  private static func isIstio(_ bytes: [UInt8], _ extension: Range<Int>) throws -> Bool {
    var isIstio = false
    try unsafe WireScan.fields(of: bytes, in: `extension`) { number, _, name in
      if number == 1 { isIstio = unsafe name.starts(with: "istio.".utf8) }
    }
    return isIstio
  }
}
