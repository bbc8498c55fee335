import EchoWorkload
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite struct EchoServerTests {
  struct Answer: Decodable {
    var name: String
    var method: String
    var path: String
    var `protocol`: String
    var peer: String
    var xfcc: String
    var bodyBytes: Int
    var headers: [String: String]
  }

  @Test func `An answer tells the request`() async throws {
    var configuration = EchoConfiguration()
    configuration.name = "a \"quoted\" name"
    try await withServer(configuration) { bound in
      let text = try await exchange(
        bound.http,
        """
        POST /path?x=1 HTTP/1.1\r
        Host: b.default\r
        X-Twice: 1\r
        x-twice: 2\r
        X-Forwarded-Client-Cert: By=spiffe://x;Hash=1\r
        Content-Length: 5\r
        Connection: close\r
        \r
        hello
        """)
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
      let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
      let answer = try JSONDecoder().decode(Answer.self, from: Data(body.utf8))
      #expect(answer.name == "a \"quoted\" name")
      #expect(answer.method == "POST")
      #expect(answer.path == "/path?x=1")
      #expect(answer.protocol == "HTTP/1.1")
      #expect(answer.peer.hasPrefix("127.0.0.1:"))
      #expect(answer.xfcc == "By=spiffe://x;Hash=1")
      #expect(answer.bodyBytes == 5)
      #expect(answer.headers["x-twice"] == "1, 2")
      #expect(answer.headers["host"] == "b.default")
    }
  }

  @Test(arguments: [
    ("/?status=418", "HTTP/1.1 418 "), ("/?status=99", "HTTP/1.1 200 "),
    ("/?delay=10ms&status=500", "HTTP/1.1 500 "), ("/?status=x&&=", "HTTP/1.1 200 "),
  ])
  func `The query may ask for a status`(path: String, start: String) async throws {
    try await withServer(EchoConfiguration()) { bound in
      let text = try await exchange(
        bound.http, "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(text.hasPrefix(start))
    }
  }

  @Test func `Every third answer fails, also of pipelined requests`() async throws {
    var configuration = EchoConfiguration()
    configuration.failEvery = 3
    try await withServer(configuration) { bound in
      let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
      let last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let text = try await exchange(bound.http, request + request + request + last)
      let statuses = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
      #expect(statuses == ["200", "200", "503", "200"])
    }
  }

  @Test func `HTTP/2 with prior knowledge is answered on the same port`() async throws {
    try await withServer(EchoConfiguration()) { bound in
      // The preface, empty SETTINGS, and GET / by entries 2, 6, 4 and 1 of HPACK's static table.
      let bytes: [UInt8] =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        + [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 0x01, 0x78]
      let text = try await exchange(
        bound.http, String(decoding: bytes, as: UTF8.self), bytes: bytes, until: "HTTP/2")
      #expect(text.contains("\"protocol\":\"HTTP/2\""))
      #expect(text.contains("\"method\":\"GET\""))
    }
  }

  @Test func `TCP bytes come back after the greeting`() async throws {
    var configuration = EchoConfiguration()
    configuration.name = "b"
    configuration.greetsTCP = true
    try await withServer(configuration) { bound in
      let text = try await exchange(bound.tcp, "hello", until: "hello")
      #expect(text == "b\nhello")
    }
  }

  @Test(arguments: [
    ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("1.5", .milliseconds(1500)),
    ("-1s", nil), ("x", nil), ("", nil), ("1e30s", nil), ("nan", nil),
  ])
  func `Delays are read`(text: String, duration: Duration?) {
    #expect(EchoDelay(text)?.duration == duration)
  }

  private func withServer(
    _ configuration: EchoConfiguration, _ body: (EchoServer.Bound) async throws -> Void
  ) async throws {
    var configuration = configuration
    configuration.httpAddress = EchoAddress(host: "127.0.0.1", port: 0)
    configuration.tcpAddress = EchoAddress(host: "127.0.0.1", port: 0)
    let server = EchoServer(configuration: configuration)
    let bound = try await server.bind()
    do {
      try await body(bound)
    } catch {
      await server.shutdown()
      throw error
    }
    await server.shutdown()
  }

  /// Sends bytes and returns all that comes until the end, or until a text has come.
  private func exchange(
    _ address: EchoAddress?, _ request: String, bytes: [UInt8]? = nil, until: String? = nil
  ) async throws -> String {
    let port = try #require(address?.port)
    let collector = Collector(until: until)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(CollectingHandler(collector: collector))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes ?? Array(request.utf8)))
    channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
    try await channel.closeFuture.get()
    return collector.text
  }
}

final class Collector: Sendable {
  private let buffer = Mutex(ByteBuffer())
  private let until: String?

  init(until: String?) { self.until = until }

  var text: String { buffer.withLock { String(buffer: $0) } }

  func append(_ bytes: ByteBuffer) -> Bool {
    buffer.withLock { _ = $0.writeImmutableBuffer(bytes) }
    return until.map { text.contains($0) } ?? false
  }
}

final class CollectingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let collector: Collector

  init(collector: Collector) { self.collector = collector }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if collector.append(unwrapInboundIn(data)) {
      context.close(promise: nil)
    }
  }
}
