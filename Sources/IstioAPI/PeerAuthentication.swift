package import StreamingJSON

/// Whether a workload takes plaintext, mutual TLS or both.
package enum MutualTLSMode: String, IstioEnum {
  /// As the parent policy says.
  case unset = "UNSET"
  /// Plaintext.
  case disable = "DISABLE"
  /// Both.
  case permissive = "PERMISSIVE"
  /// Mutual TLS.
  case strict = "STRICT"
}

/// The mode of mutual TLS.
package struct MutualTLS: Hashable, Sendable {
  /// DISABLE / PERMISSIVE / STRICT. Unset: uNSET gives parent gives PERMISSIVE.
  package var mode: MutualTLSMode

  /// Creates a value; what is left out is as if it were not written.
  package init(mode: MutualTLSMode = .unset) {
    self.mode = mode
  }
}

extension MutualTLS: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "mode": mode = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// What workloads demand of the peers that connect to them (security.istio.io PeerAuthentication).
package struct PeerAuthentication: Hashable, Sendable {
  /// Server workloads in scope; selector policies in root ns are ignored. Unset: unset =
  /// namespace-wide (mesh-wide in root ns).
  package var selector: PolicySelector?
  /// MTLS block. Unset: inherit.
  package var mtls: MutualTLS?
  /// Workload port to mode.
  package var portLevelMtls: [String: MutualTLS]?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    selector: PolicySelector? = nil,
    mtls: MutualTLS? = nil,
    portLevelMtls: [String: MutualTLS]? = nil
  ) {
    self.selector = selector
    self.mtls = mtls
    self.portLevelMtls = portLevelMtls
  }
}

extension PeerAuthentication: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "selector": selector = try reader.read()
      case "mtls": mtls = try reader.read()
      case "portLevelMtls": portLevelMtls = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
