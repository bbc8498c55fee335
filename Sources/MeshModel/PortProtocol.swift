/// The protocol that a service port is declared to speak.
///
/// Istio's contract §6.1 groups them: HTTP-like ones are routed per request, TLS and TCP ones per
/// connection, and an undeclared one is detected by Envoy.
package enum PortProtocol: String, Hashable, Sendable {
  case http = "HTTP"
  case http2 = "HTTP2"
  case grpc = "GRPC"
  case grpcWeb = "GRPC-Web"
  case https = "HTTPS"
  case tls = "TLS"
  case tcp = "TCP"
  case mongo = "Mongo"
  case redis = "Redis"
  case mysql = "MySQL"
  case udp = "UDP"
  case undeclared = "UnsupportedProtocol"

  /// Whether requests are routed one by one.
  package var isHTTP: Bool {
    switch self {
    case .http, .http2, .grpc, .grpcWeb: true
    default: false
    }
  }

  /// Whether the protocol is HTTP/2.
  package var isHTTP2: Bool {
    switch self {
    case .http2, .grpc, .grpcWeb: true
    default: false
    }
  }

  /// Whether the bytes on the wire are TLS of the application's own.
  package var isTLS: Bool { self == .https || self == .tls }

  /// Reads the protocol of an Istio port, such as `HTTP` or `grpc-web`; unknown names are undeclared.
  package init(istio name: String) {
    switch name.uppercased() {
    case "HTTP", "HTTP_PROXY", "HTTP-PROXY": self = .http
    case "HTTP2": self = .http2
    case "GRPC": self = .grpc
    case "GRPC-WEB": self = .grpcWeb
    case "HTTPS": self = .https
    case "TLS": self = .tls
    case "TCP": self = .tcp
    case "MONGO": self = .mongo
    case "REDIS": self = .redis
    case "MYSQL": self = .mysql
    case "UDP": self = .udp
    default: self = .undeclared
    }
  }

  /// Reads the protocol of a Kubernetes port from its transport, `appProtocol`, name and number.
  ///
  /// Source: <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>.
  package init(transport: String, appProtocol: String, portName: String, number: Int32) {
    if transport == "UDP" {
      self = .udp
      return
    }
    switch appProtocol {
    case "": self = .init(portName: portName)
    case "kubernetes.io/h2c": self = .http2
    case "kubernetes.io/ws": self = .http
    case "kubernetes.io/wss": self = .https
    default: self = .init(istio: appProtocol)
    }
    // These servers speak first, so waiting for the client's bytes would never end.
    if self == .undeclared, [25, 53, 3306, 27017].contains(number) { self = .tcp }
  }

  private init(portName: String) {
    let name = portName.lowercased()
    if name == "grpc-web" || name.hasPrefix("grpc-web-") {
      self = .grpcWeb
      return
    }
    self = .init(istio: name.split(separator: "-").first.map(String.init) ?? "")
  }
}
