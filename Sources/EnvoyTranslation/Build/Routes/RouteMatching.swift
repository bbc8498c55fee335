internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// Istio's request conditions as Envoy's (contract §8.3).
enum RouteMatching {
  static func write(_ match: HTTPMatchRequest?, _ message: inout Envoy.RouteMatch) {
    guard let match else {
      message.prefix("/")
      return
    }
    switch match.uri {
    case .exact(let path)?: message.path(path)
    case .prefix(let prefix)?: message.prefix(prefix)
    case .regex(let pattern)?: message.safeRegex { $0.regex(pattern) }
    case .unset?, nil: message.prefix("/")
    }
    message.caseSensitive(!match.ignoreUriCase)
    writeHeaders(match, &message)
    for (name, condition) in match.queryParams.sorted(by: { $0.key < $1.key }) {
      message.queryParameters { parameter in
        parameter.name(name)
        if isPresence(condition) {
          parameter.presentMatch(true)
        } else {
          parameter.stringMatch { StringMatching.write(condition, &$0) }
        }
      }
    }
  }

  private static func writeHeaders(
    _ match: HTTPMatchRequest, _ message: inout Envoy.RouteMatch
  ) {
    for (name, condition) in match.headers.sorted(by: { $0.key < $1.key }) {
      message.headers { header(name, condition, isInverted: false, &$0) }
    }
    for (name, condition) in match.withoutHeaders.sorted(by: { $0.key < $1.key }) {
      message.headers { header(name, condition, isInverted: true, &$0) }
    }
    for (name, condition) in [
      (":method", match.method), (":authority", match.authority), (":scheme", match.scheme),
    ] {
      guard let condition else { continue }
      message.headers { header(name, condition, isInverted: false, &$0) }
    }
  }

  private static func header(
    _ name: String, _ condition: StringMatch, isInverted: Bool,
    _ matcher: inout Envoy.HeaderMatcher
  ) {
    matcher.name(name)
    if isPresence(condition) {
      matcher.presentMatch(true)
    } else {
      matcher.stringMatch { StringMatching.write(condition, &$0) }
      if isInverted { matcher.treatMissingHeaderAsEmpty(true) }
    }
    if isInverted { matcher.invertMatch(true) }
  }

  private static func isPresence(_ condition: StringMatch) -> Bool {
    switch condition {
    case .unset, .regex("*"): true
    default: false
    }
  }
}
