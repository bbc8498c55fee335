/// The schemas of what several kinds have in common.
extension StructuralSchema {
  static let portSelector: Self = .object(
    [
      "number": .unsigned.about("Port number.")
    ])

  static let destination: Self = .object(
    [
      "host": .text.about("Service name (short = own namespace)."),
      "port": .portSelector.about("Port selector."),
      "subset": .text.about("DR subset."),
    ], required: ["host"])

  static let http2KeepAlive: Self = .object(
    [
      "interval": .duration.about("Ping period."),
      "timeout": .duration.about("Ping timeout."),
    ])

  static let connectionPoolHTTP: Self = .object(
    [
      "h2UpgradePolicy": .choice("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE").about(
        "force/deny HTTP/2 upstream."),
      "http1MaxPendingRequests": .integer.about("Pending queue."),
      "http2KeepAlive": .http2KeepAlive.about(
        "H2 PING (new in 1.31); only for explicit H2 clusters."),
      "http2MaxRequests": .integer.about("Active requests."),
      "idleTimeout": .duration.about("Pool idle."),
      "maxConcurrentStreams": .integer.about(
        "H2 streams per connection; applied only if cluster is explicit H2."),
      "maxRequestsPerConnection": .integer.about("Requests per connection (1 = no keep-alive)."),
      "maxRetries": .integer.about("Concurrent retries."),
      "useClientProtocol": .boolean.about("Mirror downstream HTTP version."),
    ])

  static let tcpKeepalive: Self = .object(
    [
      "interval": .duration.about("Between probes."),
      "probes": .unsigned.about("Probes."),
      "time": .duration.about("Idle before probe."),
    ])

  static let connectionPoolTCP: Self = .object(
    [
      "connectTimeout": .duration.about("Connect timeout."),
      "idleTimeout": .text.about("TCP idle timeout; 0s disables."),
      "maxConnectionDuration": .duration.about("Max age of a connection."),
      "maxConnections": .integer.about("Max connections."),
      "tcpKeepalive": .tcpKeepalive.about("SO_KEEPALIVE."),
    ])

  static let connectionPool: Self = .object(
    [
      "http": .connectionPoolHTTP.about("L7 limits."),
      "tcp": .connectionPoolTCP.about("L4 limits."),
    ])

  static let workloadSelector: Self = .object(
    [
      "matchLabels": .map(.text(length: ...63), count: ...4096).about("Labels to select.")
    ])

  static let tlsCertificate: Self = .object(
    [
      "caCertificates": .text.about("Hidden."),
      "privateKey": .text.about("File."),
      "serverCertificate": .text.about("File."),
    ])

  static let serverTLSSettings: Self = .object(
    [
      "caCertCredentialName": .text.about(
        "Secret/ConfigMap with client CA, wins over credentialName's CA."),
      "caCertificates": .text.about("Client CA file."),
      "caCrl": .text.about("CRL file."),
      "cipherSuites": .list(.text).about("Cipher list (15 known names)."),
      "credentialName": .text.about(
        "Secret (or `sds://provider`, `configmap://`…) via SDS `kubernetes://`."),
      "credentialNames": .list(.text, count: 1...2).about("Up to 2 (RSA+ECDSA)."),
      "ecdhCurves": .list(.text).about("Curves for terminating servers (new in 1.31)."),
      "httpsRedirect": .boolean.about("301 to https on this server."),
      "insecureSkipVerify": .boolean.about(
        "Ask for client cert but accept failures (Gateway-API AllowInsecureFallback)."),
      "maxProtocolVersion": .choice("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3").about(
        "Maximum TLS."),
      "minProtocolVersion": .choice("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3").about(
        "Minimum TLS."),
      "mode": .choice(
        "PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"
      ).about("PASSTHROUGH, SIMPLE, MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL, OPTIONAL_MUTUAL."),
      "privateKey": .text.about("File path."),
      "serverCertificate": .text.about("File path."),
      "subjectAltNames": .list(.text).about("Client SANs accepted (MUTUAL)."),
      "tlsCertificates": .list(.tlsCertificate, count: 1...2).about("Up to 2 file-based certs."),
      "verifyCertificateHash": .list(.text).about("Hex cert pins."),
      "verifyCertificateSpki": .list(.text).about("Base64 SPKI pins."),
    ])

  static let workloadEntry: Self = .object(
    [
      "address": .text(length: ...256).about("IP / FQDN / unix://."),
      "labels": .map(.text, count: ...256).about("Endpoint labels."),
      "locality": .text(length: ...2048).about("region/zone/subzone."),
      "network": .text(length: ...2048).about("L3 network id."),
      "ports": .map(.unsigned, count: ...128).about("Service port name → endpoint port."),
      "serviceAccount": .text(length: ...253).about("SPIFFE SA for SAN."),
      "weight": .unsigned.about("LB weight."),
    ])

  static let labelSelector: Self = .object(
    [
      "labels": .map(.text(length: ...63), count: ...256).about("Labels.")
    ])

  static let subFilter: Self = .object(
    [
      "name": .text.about("Name.")
    ])

  static let targetReference: Self = .object(
    [
      "group": .text(length: ...253, pattern: Pattern.group).about("API group."),
      "kind": .text(length: 1...63, pattern: Pattern.kind).about("Kind."),
      "name": .text(length: 1...253).about("Name."),
      "namespace": .text.about("Must stay empty."),
    ], required: ["kind", "name"])
}
