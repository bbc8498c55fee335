package import StreamingJSON

/// How a client secures its connections to a service.
package enum ClientTLSMode: String, IstioEnum {
  /// Not at all.
  case disable = "DISABLE"
  /// TLS without a client certificate.
  case simple = "SIMPLE"
  /// TLS with a given client certificate.
  case mutual = "MUTUAL"
  /// TLS with the certificate of the workload.
  case istioMutual = "ISTIO_MUTUAL"
}

/// TLS towards a service.
package struct ClientTLSSettings: Hashable, Sendable {
  /// DISABLE / SIMPLE / MUTUAL / ISTIO_MUTUAL. Unset: dISABLE.
  package var mode: ClientTLSMode
  /// File path.
  package var clientCertificate: String
  /// File path.
  package var privateKey: String
  /// CA file path. Unset: "" (OS trust store).
  package var caCertificates: String
  /// Secret (or `configmap://`) name; gateways, or sidecars when DR has workloadSelector.
  package var credentialName: String
  /// SANs to accept. Unset: serviceEntry SANs / auto SAN.
  package var subjectAltNames: [String]
  /// SNI to send. Unset: auto from Host for SIMPLE/MUTUAL.
  package var sni: String
  /// No verification.
  package var insecureSkipVerify: Bool?
  /// CRL file path.
  package var caCrl: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    mode: ClientTLSMode = .disable,
    clientCertificate: String = "",
    privateKey: String = "",
    caCertificates: String = "",
    credentialName: String = "",
    subjectAltNames: [String] = [],
    sni: String = "",
    insecureSkipVerify: Bool? = nil,
    caCrl: String = ""
  ) {
    self.mode = mode
    self.clientCertificate = clientCertificate
    self.privateKey = privateKey
    self.caCertificates = caCertificates
    self.credentialName = credentialName
    self.subjectAltNames = subjectAltNames
    self.sni = sni
    self.insecureSkipVerify = insecureSkipVerify
    self.caCrl = caCrl
  }
}

extension ClientTLSSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "mode": mode = try reader.read()
      case "clientCertificate": clientCertificate = try reader.read()
      case "privateKey": privateKey = try reader.read()
      case "caCertificates": caCertificates = try reader.read()
      case "credentialName": credentialName = try reader.read()
      case "subjectAltNames": subjectAltNames = try reader.readStrings()
      case "sni": sni = try reader.read()
      case "insecureSkipVerify": insecureSkipVerify = try reader.read()
      case "caCrl": caCrl = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
