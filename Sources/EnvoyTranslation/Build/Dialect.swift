/// What a proxy's Envoy can load.
package enum Dialect: String, Hashable, Sendable {
  /// Envoy as upstream builds it.
  case stock
  /// Istio's build, with its own extensions.
  case istioProxy
}
