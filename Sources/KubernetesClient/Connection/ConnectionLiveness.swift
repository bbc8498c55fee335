internal import NIOCore

/// Finds out that the other side of a connection is gone without a word: by keepalive probes while
/// nothing is sent, and by a limit on how long sent bytes may stay unacknowledged.
enum ConnectionLiveness {
  /// Probes after 15 s of silence, every 5 s, three of them: 30 s.
  private static let idleSeconds: Int32 = 15
  private static let intervalSeconds: Int32 = 5
  private static let probes: Int32 = 3
  private static let unacknowledgedMilliseconds: Int32 = 30_000

  /// Sets the options of a TCP connection; others are left alone.
  static func configure(_ channel: any Channel) -> EventLoopFuture<Void> {
    @Sendable func set(
      _ option: ChannelOptions.Types.SocketOption, _ value: Int32
    ) -> EventLoopFuture<Void> {
      channel.setOption(option, value: SocketOptionValue(value))
    }
    let keepalive = set(.init(level: .socket, name: .so_keepalive), 1)
    #if os(Linux)
    // Of <linux/tcp.h>; NIO names the first three only.
    return
      keepalive
      .flatMap { set(.init(level: .tcp, name: .init(rawValue: 4)), idleSeconds) }
      .flatMap { set(.init(level: .tcp, name: .init(rawValue: 5)), intervalSeconds) }
      .flatMap { set(.init(level: .tcp, name: .init(rawValue: 6)), probes) }
      .flatMap { set(.init(level: .tcp, name: .init(rawValue: 18)), unacknowledgedMilliseconds) }
    #else
    return keepalive
    #endif
  }
}
