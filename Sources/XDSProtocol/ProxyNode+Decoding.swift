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
    var kept = WireBuffer(capacity: 2048)
    var hasExtension = false
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch field.value {
      case .integer(let number): kept.uint64(field.number, number)
      case .data(let data):
        if field.number == 9 {
          guard try isKept(data, isFirst: !hasExtension) else { continue }
          hasExtension = true
        }
        kept.data(field.number, Array(data))
      case .fixed32, .fixed64: continue
      }
    }
    return try Envoy_Config_Core_V3_Node(serializedBytes: kept.bytes)
  }

  private static func isKept(_ extension: ArraySlice<UInt8>, isFirst: Bool) throws -> Bool {
    if isFirst { return true }
    var reader = WireReader(`extension`)
    while let field = try reader.next() {
      if field.number == 1, case .data(let name) = field.value {
        return name.starts(with: "istio.".utf8)
      }
    }
    return false
  }
}
