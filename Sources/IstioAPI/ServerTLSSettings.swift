package import StreamingJSON

/// How a server secures its connections.
package enum ServerTLSMode: String, IstioEnum {
  /// The connection is passed on by its SNI, unopened.
  case passthrough = "PASSTHROUGH"
  /// TLS without a client certificate.
  case simple = "SIMPLE"
  /// TLS with a verified client certificate.
  case mutual = "MUTUAL"
  /// As `PASSTHROUGH`, with the destination encoded in the SNI.
  case autoPassthrough = "AUTO_PASSTHROUGH"
  /// TLS with the certificate of the workload.
  case istioMutual = "ISTIO_MUTUAL"
  /// As `MUTUAL`, without demanding a client certificate.
  case optionalMutual = "OPTIONAL_MUTUAL"
}

/// A version of TLS.
package enum TLSProtocolVersion: String, IstioEnum {
  /// The version the proxy prefers.
  case tlsAuto = "TLS_AUTO"
  /// TLS 1.0.
  case tls10 = "TLSV1_0"
  /// TLS 1.1.
  case tls11 = "TLSV1_1"
  /// TLS 1.2.
  case tls12 = "TLSV1_2"
  /// TLS 1.3.
  case tls13 = "TLSV1_3"
}

/// TLS of a server.
package struct ServerTLSSettings: Hashable, Sendable {
  /// 301 to https on this server.
  package var httpsRedirect: Bool
  /// PASSTHROUGH, SIMPLE, MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL, OPTIONAL_MUTUAL. Unset:
  /// pASSTHROUGH.
  package var mode: ServerTLSMode
  /// File path.
  package var serverCertificate: String
  /// File path.
  package var privateKey: String
  /// Client CA file.
  package var caCertificates: String
  /// CRL file.
  package var caCrl: String
  /// Secret (or `sds://provider`, `configmap://`…) via SDS `kubernetes://`.
  package var credentialName: String
  /// Up to 2 (RSA+ECDSA).
  package var credentialNames: [String]
  /// Secret/ConfigMap with client CA, wins over credentialName's CA.
  package var caCertCredentialName: String
  /// Up to 2 file-based certs.
  package var tlsCertificates: [TLSCertificate]
  /// Client SANs accepted (MUTUAL).
  package var subjectAltNames: [String]
  /// Base64 SPKI pins.
  package var verifyCertificateSpki: [String]
  /// Hex cert pins.
  package var verifyCertificateHash: [String]
  /// Minimum TLS. Unset: tLS_AUTO = TLS 1.2.
  package var minProtocolVersion: TLSProtocolVersion
  /// Maximum TLS. Unset: tLS_AUTO.
  package var maxProtocolVersion: TLSProtocolVersion
  /// Cipher list (15 known names). Unset: envoy default list.
  package var cipherSuites: [String]
  /// Curves for terminating servers (new in 1.31). Unset: mesh tlsDefaults.ecdhCurves.
  package var ecdhCurves: [String]
  /// Ask for client cert but accept failures (Gateway-API AllowInsecureFallback).
  package var insecureSkipVerify: Bool?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    httpsRedirect: Bool = false,
    mode: ServerTLSMode = .passthrough,
    serverCertificate: String = "",
    privateKey: String = "",
    caCertificates: String = "",
    caCrl: String = "",
    credentialName: String = "",
    credentialNames: [String] = [],
    caCertCredentialName: String = "",
    tlsCertificates: [TLSCertificate] = [],
    subjectAltNames: [String] = [],
    verifyCertificateSpki: [String] = [],
    verifyCertificateHash: [String] = [],
    minProtocolVersion: TLSProtocolVersion = .tlsAuto,
    maxProtocolVersion: TLSProtocolVersion = .tlsAuto,
    cipherSuites: [String] = [],
    ecdhCurves: [String] = [],
    insecureSkipVerify: Bool? = nil
  ) {
    self.httpsRedirect = httpsRedirect
    self.mode = mode
    self.serverCertificate = serverCertificate
    self.privateKey = privateKey
    self.caCertificates = caCertificates
    self.caCrl = caCrl
    self.credentialName = credentialName
    self.credentialNames = credentialNames
    self.caCertCredentialName = caCertCredentialName
    self.tlsCertificates = tlsCertificates
    self.subjectAltNames = subjectAltNames
    self.verifyCertificateSpki = verifyCertificateSpki
    self.verifyCertificateHash = verifyCertificateHash
    self.minProtocolVersion = minProtocolVersion
    self.maxProtocolVersion = maxProtocolVersion
    self.cipherSuites = cipherSuites
    self.ecdhCurves = ecdhCurves
    self.insecureSkipVerify = insecureSkipVerify
  }
}

extension ServerTLSSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "httpsRedirect": httpsRedirect = try reader.read()
      case "mode": mode = try reader.read()
      case "serverCertificate": serverCertificate = try reader.read()
      case "privateKey": privateKey = try reader.read()
      case "caCertificates": caCertificates = try reader.read()
      case "caCrl": caCrl = try reader.read()
      case "credentialName": credentialName = try reader.read()
      case "credentialNames": credentialNames = try reader.readStrings()
      case "caCertCredentialName": caCertCredentialName = try reader.read()
      case "tlsCertificates": tlsCertificates = try reader.read()
      case "subjectAltNames": subjectAltNames = try reader.readStrings()
      case "verifyCertificateSpki": verifyCertificateSpki = try reader.readStrings()
      case "verifyCertificateHash": verifyCertificateHash = try reader.readStrings()
      case "minProtocolVersion": minProtocolVersion = try reader.read()
      case "maxProtocolVersion": maxProtocolVersion = try reader.read()
      case "cipherSuites": cipherSuites = try reader.readStrings()
      case "ecdhCurves": ecdhCurves = try reader.readStrings()
      case "insecureSkipVerify": insecureSkipVerify = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A certificate and its key in files.
package struct TLSCertificate: Hashable, Sendable {
  /// File.
  package var serverCertificate: String
  /// File.
  package var privateKey: String
  /// Hidden.
  package var caCertificates: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    serverCertificate: String = "",
    privateKey: String = "",
    caCertificates: String = ""
  ) {
    self.serverCertificate = serverCertificate
    self.privateKey = privateKey
    self.caCertificates = caCertificates
  }
}

extension TLSCertificate: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "serverCertificate": serverCertificate = try reader.read()
      case "privateKey": privateKey = try reader.read()
      case "caCertificates": caCertificates = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
