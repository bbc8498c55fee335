package import StreamingJSON

/// A named provider of authorization, tracing, metrics or logs.
package struct ExtensionProvider: Hashable, Sendable {
  /// The values `provider` can take.
  package enum Provider: Hashable, Sendable {
    /// A log file.
    case envoyFileAccessLog(FileAccessLogProvider)
    /// Metrics for Prometheus; there is nothing to set.
    case prometheus(JSONValue)
    /// External authorization over HTTP.
    case envoyExtAuthzHttp(JSONValue)
    /// External authorization over gRPC.
    case envoyExtAuthzGrpc(JSONValue)
    /// Zipkin tracing.
    case zipkin(JSONValue)
    /// Lightstep tracing.
    case lightstep(JSONValue)
    /// Datadog tracing.
    case datadog(JSONValue)
    /// Stackdriver.
    case stackdriver(JSONValue)
    /// OpenCensus tracing.
    case opencensus(JSONValue)
    /// SkyWalking tracing.
    case skywalking(JSONValue)
    /// OpenTelemetry tracing.
    case opentelemetry(JSONValue)
    /// The gRPC access-log service for HTTP.
    case envoyHttpAls(JSONValue)
    /// The gRPC access-log service for TCP.
    case envoyTcpAls(JSONValue)
    /// The OpenTelemetry access-log service.
    case envoyOtelAls(JSONValue)
    /// A secret-discovery service.
    case sds(JSONValue)
  }

  /// Name.
  package var name: String
  /// What it is.
  package var provider: Provider?

  /// Creates a value; what is left out is as if it were not written.
  package init(name: String = "", provider: Provider? = nil) {
    self.name = name
    self.provider = provider
  }
}

extension ExtensionProvider: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "envoyFileAccessLog":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyFileAccessLog(try reader.read())
      case "prometheus":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .prometheus(try reader.read())
      case "envoyExtAuthzHttp":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyExtAuthzHttp(try reader.read())
      case "envoyExtAuthzGrpc":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyExtAuthzGrpc(try reader.read())
      case "zipkin":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .zipkin(try reader.read())
      case "lightstep":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .lightstep(try reader.read())
      case "datadog":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .datadog(try reader.read())
      case "stackdriver":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .stackdriver(try reader.read())
      case "opencensus":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .opencensus(try reader.read())
      case "skywalking":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .skywalking(try reader.read())
      case "opentelemetry":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .opentelemetry(try reader.read())
      case "envoyHttpAls":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyHttpAls(try reader.read())
      case "envoyTcpAls":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyTcpAls(try reader.read())
      case "envoyOtelAls":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .envoyOtelAls(try reader.read())
      case "sds":
        try reader.requireUnset(
          provider == nil,
          oneOf:
            "envoyFileAccessLog, prometheus, envoyExtAuthzHttp, envoyExtAuthzGrpc, zipkin, lightstep, datadog, stackdriver, opencensus, skywalking, opentelemetry, envoyHttpAls, envoyTcpAls, envoyOtelAls, sds"
        )
        provider = .sds(try reader.read())
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// An access log written to a file.
package struct FileAccessLogProvider: Hashable, Sendable {
  /// File. Unset: /dev/stdout.
  package var path: String
  /// Format. Unset: istio default.
  package var logFormat: AccessLogFormat?

  /// Creates a value; what is left out is as if it were not written.
  package init(path: String = "/dev/stdout", logFormat: AccessLogFormat? = nil) {
    self.path = path
    self.logFormat = logFormat
  }
}

extension FileAccessLogProvider: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "path": path = try reader.read()
      case "logFormat": logFormat = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The form of an access-log line.
package struct AccessLogFormat: Hashable, Sendable {
  /// A text format.
  package var text: String
  /// A JSON object whose values are format strings.
  package var labels: JSONValue?

  /// Creates a value; what is left out is as if it were not written.
  package init(text: String = "", labels: JSONValue? = nil) {
    self.text = text
    self.labels = labels
  }
}

extension AccessLogFormat: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "text": text = try reader.read()
      case "labels": labels = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
