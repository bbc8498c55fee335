internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// The HTTP versions and options that a cluster's connections use.
package struct UpstreamHTTPProtocols: Hashable, Sendable {
  package enum Version: Hashable, Sendable {
    /// HTTP/1.1, Envoy's default.
    case http1
    case http2
    /// The version of the client's request.
    case asDownstream
  }

  package var version: Version
  package var idleTimeout: IstioDuration?
  package var maxRequestsPerConnection: Int32?
  package var maxConnectionDuration: IstioDuration?
  package var maxConcurrentStreams: Int32?
  package var usesAutomaticSNI = false
  package var validatesAutomaticSAN = false

  package init(version: Version) {
    self.version = version
  }

  /// Nil when every option is Envoy's default.
  package var orNilIfDefault: Self? {
    self == UpstreamHTTPProtocols(version: .http1) ? nil : self
  }

  func write(_ cluster: inout Envoy.Cluster) {
    cluster.typedExtensionProtocolOptions(
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", Envoy.UpstreamHttpProtocols.self
    ) { options in
      writeCommon(&options)
      switch version {
      case .http1: options.explicitHttpConfig { $0.httpProtocolOptions() }
      case .http2:
        options.explicitHttpConfig { $0.http2ProtocolOptions(writeHTTP2) }
      case .asDownstream:
        options.useDownstreamProtocolConfig {
          $0.httpProtocolOptions()
          $0.http2ProtocolOptions()
        }
      }
    }
  }

  private func writeHTTP2(_ options: inout Envoy.Http2ProtocolOptions) {
    if let streams = maxConcurrentStreams, streams > 0 {
      options.maxConcurrentStreams(UInt32(clamping: streams))
    }
  }

  private func writeCommon(_ options: inout Envoy.UpstreamHttpProtocols) {
    if idleTimeout != nil || maxRequestsPerConnection != nil || maxConnectionDuration != nil {
      options.commonHttpProtocolOptions {
        if let idleTimeout { $0.idleTimeout(idleTimeout.wire) }
        if let maxRequestsPerConnection, maxRequestsPerConnection > 0 {
          $0.maxRequestsPerConnection(UInt32(clamping: maxRequestsPerConnection))
        }
        if let maxConnectionDuration { $0.maxConnectionDuration(maxConnectionDuration.wire) }
      }
    }
    if usesAutomaticSNI || validatesAutomaticSAN {
      options.upstreamHttpProtocolOptions {
        $0.autoSni(usesAutomaticSNI)
        $0.autoSanValidation(validatesAutomaticSAN)
      }
    }
  }
}
