internal import EnvoyAPI
internal import ProtobufWire

/// A text access log in a file.
package struct AccessLogInput: Hashable, Sendable {
  package var path: String
  /// Empty for Istio's default format.
  package var format: String

  func write(_ log: inout Envoy.AccessLog) {
    log.name("envoy.access_loggers.file")
    log.typedConfig(Envoy.FileAccessLog.self) {
      $0.path(path)
      $0.logFormat {
        $0.textFormatSource { $0.inlineString(format.isEmpty ? Self.defaultFormat : format) }
      }
    }
  }

  /// Istio's default line (contract §6.6).
  private static let defaultFormat =
    [
      "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\"",
      "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%",
      "%CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\"",
      "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
      "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\"",
      "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW%",
      "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%",
      "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n",
    ].joined(separator: " ")
}
