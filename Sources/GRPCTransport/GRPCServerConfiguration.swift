/// Limits and timings of a server. The defaults are those of istiod's gRPC servers.
package struct GRPCServerConfiguration: Sendable {
  /// How long a connection may be silent before the server pings it.
  package var keepaliveTime: Duration = .seconds(30)
  /// How long the answer to that ping may take before the connection is closed.
  package var keepaliveTimeout: Duration = .seconds(10)
  /// A client that pings more often than this, while nothing is sent to it, is sent away.
  package var minimumPingInterval: Duration = .seconds(15)
  /// Streams that one connection may have open.
  package var maximumConcurrentStreams = 100_000
  /// After this a connection is drained, with ±10 % of jitter; nil for never.
  package var maximumConnectionAge: Duration?
  /// How long calls may go on while their connection drains.
  package var drainTimeout: Duration = .seconds(10)
  /// How long the TLS handshake and the HTTP/2 preface may take together.
  package var handshakeTimeout: Duration = .seconds(10)
  /// Bytes of request headers, after decompression.
  package var maximumHeaderListSize = 32_768
  /// Bytes a client may have under way on one stream.
  package var streamWindow = 262_144
  /// Bytes a client may have under way on one connection.
  package var connectionWindow = 1_048_576
  /// Bytes that may wait in one call for a client that does not read.
  package var maximumPendingBytesPerCall = 268_435_456
  /// Bytes of incomplete messages that one connection may hold.
  package var maximumBufferedRequestBytes = 134_217_728
  /// Calls of one connection that may wait for an asynchronous admission.
  package var maximumPendingAdmissions = 64
  /// Permissions of unix sockets that are created.
  package var unixSocketMode: UInt32 = 0o600

  /// The defaults.
  package init() {}
}
