internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// What consistent hashing hashes.
package enum HashPolicyInput: Hashable, Sendable {
  case header(String)
  case cookie(HTTPCookie)
  case sourceAddress
  case queryParameter(String)

  /// Reads the key of a destination rule's load balancer; nil where it has none.
  init?(_ key: ConsistentHashLoadBalancer.HashKey?) {
    switch key {
    case .httpHeaderName(let name)?: self = .header(name)
    case .httpCookie(let cookie)?: self = .cookie(cookie)
    case .useSourceIp(true)?: self = .sourceAddress
    case .httpQueryParameterName(let name)?: self = .queryParameter(name)
    case .useSourceIp(false)?, nil: return nil
    }
  }

  func write(_ policy: inout Envoy.RouteAction.HashPolicy) {
    switch self {
    case .header(let name): policy.header { $0.headerName(name) }
    case .cookie(let cookie):
      policy.cookie {
        $0.name(cookie.name)
        if let ttl = cookie.ttl { $0.ttl(ttl.wire) }
        $0.path(cookie.path)
      }
    case .sourceAddress: policy.connectionProperties { $0.sourceIp(true) }
    case .queryParameter(let name): policy.queryParameter { $0.name(name) }
    }
  }
}
