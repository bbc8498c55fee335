package import StreamingJSON

/// How requests for a set of hosts are routed (networking.istio.io VirtualService).
package struct VirtualService: Hashable, Sendable {
  /// FQDN, short name (resolved in the VS's own namespace), left-wildcard, or IP (gateways only)
  /// this rule set answers for. Unset: [] (= delegate VS).
  package var hosts: [String]
  /// Which Gateways (`ns/name`) and/or sidecars (`mesh`) take the routes. Unset: ["mesh"].
  package var gateways: [String]
  /// Ordered L7 rules; first match wins.
  package var http: [HTTPRoute]
  /// SNI rules for un-terminated TLS.
  package var tls: [TLSRoute]
  /// Opaque TCP rules.
  package var tcp: [TCPRoute]
  /// Namespaces that may see the VS: `.`, `*`, or names. Unset: mesh default (`*`).
  package var exportTo: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    hosts: [String] = [],
    gateways: [String] = [],
    http: [HTTPRoute] = [],
    tls: [TLSRoute] = [],
    tcp: [TCPRoute] = [],
    exportTo: [String] = []
  ) {
    self.hosts = hosts
    self.gateways = gateways
    self.http = http
    self.tls = tls
    self.tcp = tcp
    self.exportTo = exportTo
  }
}

extension VirtualService: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "hosts": hosts = try reader.readStrings()
      case "gateways": gateways = try reader.readStrings()
      case "http": http = try reader.read()
      case "tls": tls = try reader.read()
      case "tcp": tcp = try reader.read()
      case "exportTo": exportTo = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
