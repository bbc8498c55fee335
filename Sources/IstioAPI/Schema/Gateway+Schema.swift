/// The schema of Gateway, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let gateway: Self = .object(
    [
      "selector": .map(.text).about(
        "Labels of gateway pods; all namespaces unless PILOT_SCOPE_GATEWAY_TO_NAMESPACE."),
      "servers": .list(.server).about("Listeners."),
    ])

  static let server: Self = .object(
    [
      "bind": .text.about("Listen IP or `unix:///path` / `unix://@abstract`."),
      "defaultEndpoint": .text.about("Documented as not implemented; not read for gateways."),
      "hosts": .list(.text).about("`[ns/]dnsName`, ns may be `*`, `.`; which VS hosts may bind."),
      "name": .text.about("Stat prefix name."),
      "port": .serverPort.about("Listener port."),
      "tls": .serverTLSSettings.about("TLS settings."),
    ], required: ["hosts", "port"])

  static let serverPort: Self = .object(
    [
      "name": .text.about("Unique label, part of RDS route name."),
      "number": .unsigned.about("Port; 0 only with unix bind."),
      "protocol": .text.about(
        "HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TCP, TLS, MONGO, REDIS, MYSQL (case-insensitive; UDP, HTTP_PROXY parse too)."
      ),
      "targetPort": .unsigned.about("Deprecated."),
    ], required: ["name", "number", "protocol"])
}
