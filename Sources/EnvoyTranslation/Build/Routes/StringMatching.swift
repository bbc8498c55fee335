internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// Istio's string conditions as Envoy's.
enum StringMatching {
  static func write(_ match: StringMatch, _ matcher: inout Envoy.StringMatcher) {
    switch match {
    case .exact(let text): matcher.exact(text)
    case .prefix(let text): matcher.prefix(text)
    case .regex(let pattern): matcher.safeRegex { $0.regex(pattern) }
    case .unset: break
    }
  }
}
