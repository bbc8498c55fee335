internal import FoundationEssentials
internal import Hummingbird
internal import KubernetesAPI
package import Logging
internal import NIOCore
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import StreamingJSON
internal import Synchronization

/// A small Kubernetes API in this process: objects in one SQLite file, served over HTTP.
///
/// It stands in where there is no cluster. kubectl, and the project's own client, list, watch, apply,
/// patch and delete against it as against an API server. Unless it is told to ask for bearer tokens it
/// belongs on a loopback address: there it takes every caller's word.
package final class StandaloneAPIServer: ServiceLifecycle.Service {
  let store: ObjectStore
  private let tokens: ServiceAccountTokens
  private let authentication: APIAuthentication?
  private let host: String
  private let port: Int
  private let logger: Logger
  private let bound = BoundPort()

  /// Opens the database, creating it with the namespaces `default`, `kube-system` and `root` if need be.
  ///
  /// `address` is `host:port`; port 0 lets the system choose one. The key that signs tokens of service
  /// accounts is kept beside the database, and so is the administrator's token when callers have to
  /// give one.
  package init(
    databasePath: String, address: String = "127.0.0.1:8001",
    rootNamespace: String = "istio-system", requiresToken: Bool = false,
    logger: Logger
  ) async throws {
    guard let colon = address.lastIndex(of: ":"),
      let port = Int(address[address.index(after: colon)...]),
      (0...65_535).contains(port)
    else { throw StandaloneAPIError.malformedAddress(address) }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    self.host = host
    self.port = port
    self.logger = logger
    do {
      store = try ObjectStore(path: databasePath)
    } catch {
      throw StandaloneAPIError.database(path: databasePath, reason: "\(error)")
    }
    let folder =
      databasePath.contains("/")
      ? String(databasePath[..<(databasePath.lastIndex(of: "/") ?? databasePath.startIndex)]) : "."
    do throws(CryptoError) {
      tokens = try ServiceAccountTokens(folder: folder, store: store)
      authentication =
        requiresToken ? try APIAuthentication(folder: folder, tokens: tokens) : nil
    } catch {
      throw StandaloneAPIError.credentials(folder: folder, reason: "\(error)")
    }
    for name in ["default", "kube-system", rootNamespace] {
      try await createNamespace(name)
    }
  }

  /// `host:port` once the server listens; waits until then.
  package var boundAddress: String {
    get async throws {
      let port = try await bound.value()
      return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }

  /// The bearer token that may do everything, when callers have to give one; keep it out of logs.
  package var administratorToken: String? { authentication?.administratorToken }

  /// Serves until the task is cancelled or shut down; open watches end at once then.
  package func run() async throws {
    let responder = APIResponder(
      store: store, tokens: tokens, authentication: authentication, now: { Self.now },
      logger: logger)
    let bound = bound
    var serverLogger = logger
    // Hummingbird tells of its start at info; the line of the daemon says the same with the address.
    serverLogger.logLevel = max(logger.logLevel, .notice)
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        await responder.respond(to: request)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: "skein"),
      onServerRunning: { channel in bound.set(channel.localAddress?.port ?? 0) },
      logger: serverLogger)
    let changes = store.changes
    defer {
      bound.fail()
      changes.close()
    }
    try await withGracefulShutdownHandler {
      try await application.run()
    } onGracefulShutdown: {
      changes.close()
    }
  }

  static var now: Timestamp {
    Timestamp(seconds: Int64(Date().timeIntervalSince1970))
  }

  private func createNamespace(_ name: String) async throws {
    let defaults = ObjectDefaults(resource: .namespaces, now: Self.now)
    let object: JSONValue = ["metadata": ["name": .string(name)]]
    _ = try await store.write(.namespaces, ObjectKey(name: name)) { current, transaction in
      current == nil ? .put(try defaults.complete(new: object, transaction)) : .keep
    }
  }
}

/// Why the embedded API cannot start.
package enum StandaloneAPIError: Error, Hashable, CustomStringConvertible {
  /// The address to listen on is not `host:port`.
  case malformedAddress(String)
  /// The database cannot be opened.
  case database(path: String, reason: String)
  /// The keys and tokens beside the database cannot be read or made.
  case credentials(folder: String, reason: String)
  /// The server ended before it listened.
  case notListening

  /// What is wrong and what to do.
  package var description: String {
    switch self {
    case .malformedAddress(let address): "\"\(address)\" is not an address; write host:port"
    case .database(let path, let reason): "the database \(path) cannot be opened: \(reason)"
    case .credentials(let folder, let reason): "no keys can be kept in \(folder): \(reason)"
    case .notListening: "the embedded API ended before it listened"
    }
  }
}

/// The port a server listens on, for those who wait for it.
private final class BoundPort: Sendable {
  private enum State {
    case waiting([CheckedContinuation<Int, any Error>])
    case known(Int)
    case failed
  }

  private let state = Mutex(State.waiting([]))

  func value() async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      let answer: Result<Int, any Error>? = state.withLock { state in
        switch state {
        case .waiting(let waiters):
          state = .waiting(waiters + [continuation])
          return nil
        case .known(let port): return .success(port)
        case .failed: return .failure(StandaloneAPIError.notListening)
        }
      }
      if let answer { continuation.resume(with: answer) }
    }
  }

  func set(_ port: Int) {
    for waiter in take(.known(port)) { waiter.resume(returning: port) }
  }

  func fail() {
    for waiter in take(.failed) { waiter.resume(throwing: StandaloneAPIError.notListening) }
  }

  private func take(_ next: State) -> [CheckedContinuation<Int, any Error>] {
    state.withLock { state in
      guard case .waiting(let waiters) = state else {
        state = next
        return []
      }
      state = next
      return waiters
    }
  }
}
