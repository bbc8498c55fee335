internal import EnvoyAPI
internal import ProtobufWire

/// `envoy.filters.http.router`, the last filter.
enum RouterFilter {
  static let filter = Envoy.HttpFilter.encode {
    $0.name("envoy.filters.http.router")
    $0.typedConfig(Envoy.Router.self)
  }
}
