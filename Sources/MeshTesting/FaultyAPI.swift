internal import AsyncHTTPClient
internal import HTTPTypes
internal import Hummingbird
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization

/// A relay before a Kubernetes API that injects what goes wrong between a client and a real one: refusals,
/// cut watches, silence, a kind that is not there.
package final class FaultyAPI: ServiceLifecycle.Service {
  /// What happens to a request.
  package enum Fault: Sendable {
    /// It is passed on.
    case none
    /// It is answered with this status, and a `Retry-After` in seconds.
    case status(Int, retryAfter: Int? = nil)
    /// The connection is closed without an answer.
    case cut
    /// Nothing is answered until ``cutAll()``.
    case silence
    /// An answer begins, and does not go on until ``cutAll()``.
    case stall
    /// The answer is relayed for so long and then cut.
    case cutAfter(Duration)
    /// A watch is told that its revision is gone.
    case gone
    /// The answer is this.
    case answer(String)
  }

  /// What is known of a request when its fate is decided.
  package struct Seen: Sendable {
    package var method: String
    /// The path without the query.
    package var path: String
    package var query: String
    package var authorization: String?
    package var isWatch: Bool { query.contains("watch=true") }
  }

  private struct State {
    var upstream: String
    var plan: @Sendable (Seen) -> Fault = { _ in .none }
    var seen: [Seen] = []
    var generation = 0
    var losesEvents = false
    var port: Int?
  }

  private let state: Mutex<State>
  private let logger: Logger

  /// A relay to an API at `host:port`, or at a URL; who that is does not matter to it.
  package init(upstream: String, logger: Logger) {
    state = Mutex(State(upstream: upstream.contains("://") ? upstream : "http://\(upstream)"))
    self.logger = logger
  }

  /// `host:port` once it listens.
  package var address: String {
    get async throws {
      while true {
        if let port = state.withLock(\.port) { return "127.0.0.1:\(port)" }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  /// The requests so far.
  package var seen: [Seen] { state.withLock(\.seen) }

  /// Decides the fate of requests from now on.
  package func plan(_ plan: @escaping @Sendable (Seen) -> Fault) {
    state.withLock { $0.plan = plan }
  }

  /// Whether what watches tell is lost on the way, as by a fault that nobody notices.
  package func loseEvents(_ isLosing: Bool) {
    state.withLock { $0.losesEvents = isLosing }
  }

  /// Cuts every answer that is under way.
  package func cutAll() {
    state.withLock { $0.generation += 1 }
  }

  package func run() async throws {
    var settings = HTTPClient.Configuration()
    // Every watch holds a connection.
    settings.connectionPool.retryConnectionEstablishment = false
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1_000
    settings.tlsConfiguration = .makeClientConfiguration()
    settings.tlsConfiguration?.certificateVerification = .none
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    var quiet = logger
    quiet.logLevel = .critical
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        try await self.respond(request, client)
      },
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in
        self.state.withLock { $0.port = channel.localAddress?.port }
      }, logger: quiet)
    do {
      // An open watch would hold up the end.
      try await withGracefulShutdownHandler {
        try await application.run()
      } onGracefulShutdown: {
        self.cutAll()
      }
    } catch {
      try? await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  private struct Cut: Error {}

  private func respond(_ request: Request, _ client: HTTPClient) async throws -> Response {
    let seen = Seen(
      method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
      authorization: request.headers[.authorization])
    let (fault, upstream, generation) = state.withLock { state in
      state.seen.append(seen)
      return (state.plan(seen), state.upstream, state.generation)
    }
    switch fault {
    case .none: return try await relay(request, seen, upstream, client, generation, limit: nil)
    case .cutAfter(let limit):
      return try await relay(request, seen, upstream, client, generation, limit: limit)
    case .cut:
      // The head of the answer must be out for the connection to be cut; the body never comes.
      return Response(status: .ok, body: ResponseBody { _ in throw Cut() })
    case .silence:
      await waitForCut(generation)
      return Response(status: .ok, body: ResponseBody { _ in throw Cut() })
    case .stall:
      return Response(
        status: .ok,
        body: ResponseBody { writer in
          try await writer.write(ByteBuffer(string: "{"))
          await self.waitForCut(generation)
          throw Cut()
        })
    case .status(let code, let retryAfter):
      var headers: HTTPFields = [.contentType: "application/json"]
      if let retryAfter { headers[.retryAfter] = String(retryAfter) }
      let text =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":\(code),"
        + "\"reason\":\"Injected\",\"message\":\"injected\"}"
      return Response(
        status: .init(code: code), headers: headers,
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    case .gone:
      let text =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\","
        + "\"message\":\"too old resource version\"}}\n"
      return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    case .answer(let text):
      return Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
  }

  private func waitForCut(_ generation: Int) async {
    while !Task.isCancelled, state.withLock(\.generation) == generation {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  private func relay(
    _ request: Request, _ seen: Seen, _ upstream: String, _ client: HTTPClient,
    _ generation: Int, limit: Duration?
  ) async throws -> Response {
    var copy = HTTPClientRequest(url: upstream + request.uri.string)
    copy.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in request.headers where field.name != .contentLength && field.name != .connection {
      copy.headers.add(name: field.name.rawName, value: field.value)
    }
    let body = try await request.body.collect(upTo: 64 << 20)
    if body.readableBytes > 0 { copy.body = .bytes(body) }
    let answer: HTTPClientResponse
    do {
      answer = try await client.execute(copy, timeout: .hours(1))
    } catch {
      // An API that is away is a connection that breaks.
      return Response(status: .ok, body: ResponseBody { _ in throw Cut() })
    }
    var headers: HTTPFields = [:]
    for header in answer.headers {
      if let name = HTTPField.Name(header.name), name != .transferEncoding, name != .contentLength {
        headers.append(HTTPField(name: name, value: header.value))
      }
    }
    return Response(
      status: .init(code: Int(answer.status.code)), headers: headers,
      body: ResponseBody { writer in
        try await self.copy(answer, &writer, generation, limit, isWatch: seen.isWatch)
      })
  }

  @concurrent private func copy(
    _ answer: HTTPClientResponse, _ writer: inout any ResponseBodyWriter, _ generation: Int,
    _ limit: Duration?, isWatch: Bool
  ) async throws {
    let deadline = limit.map { ContinuousClock.now + $0 }
    let chunks = AsyncStream<Result<ByteBuffer?, any Error>>.makeStream()
    let reading = Task {
      do {
        for try await chunk in answer.body { chunks.continuation.yield(.success(chunk)) }
        chunks.continuation.yield(.success(nil))
      } catch {
        chunks.continuation.yield(.failure(error))
      }
      chunks.continuation.finish()
    }
    let watching = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: .milliseconds(5))
        if self.state.withLock(\.generation) != generation
          || deadline.map({ ContinuousClock.now >= $0 }) ?? false
        {
          chunks.continuation.yield(.failure(Cut()))
          return
        }
      }
    }
    defer {
      reading.cancel()
      watching.cancel()
    }
    for await chunk in chunks.stream {
      guard let bytes = try chunk.get() else { break }
      if isWatch, state.withLock(\.losesEvents) { continue }
      try await writer.write(bytes)
    }
    try await writer.finish(nil)
  }
}
