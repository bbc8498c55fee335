internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import SidecarInjection
internal import StreamingJSON

/// The webhooks of the API server: `/inject` and `/validate` (contract §13 and §14).
///
/// The kind of the body, its size, its expansion, its depth and the number of its values are bounded
/// before anything is made of it.
package struct AdmissionWebhookServer: ServiceLifecycle.Service {
  private let configuration: AdmissionWebhookConfiguration
  private let counters: WebhookCounters
  private let bound: @Sendable (_ port: Int) -> Void
  private let logger: Logger
  private let budget = BodyBudget(limit: 64 << 20)

  /// More connections than API servers open.
  private static let maximumConnections = 128

  /// A server that listens once it runs; `bound` is told the port then.
  package init(
    configuration: AdmissionWebhookConfiguration, counters: WebhookCounters = WebhookCounters(),
    logger: Logger, bound: @escaping @Sendable (_ port: Int) -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.counters = counters
    self.bound = bound
    self.logger = logger
  }

  /// Serves until the task is cancelled or shut down.
  package func run() async throws {
    let (host, port) = try Self.split(configuration.address)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let http = HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(90)))
    let bound = bound
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        await respond(to: request)
      },
      server: try configuration.tls.map { try .tls(http, tlsConfiguration: $0.configuration()) }
        ?? http,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(
          Self.maximumConnections, logger: quiet)),
      onServerRunning: { channel in bound(channel.localAddress?.port ?? 0) }, logger: quiet)
    try await application.run()
  }

  private func respond(to request: Request) async -> Response {
    do throws(WebhookFailure) {
      let path = request.uri.path
      guard let hook = Self.hook(path) else {
        throw WebhookFailure(.notFound, "there are /inject and /validate")
      }
      guard request.method == .post else {
        throw WebhookFailure(.methodNotAllowed, "reviews are sent with POST")
      }
      guard configuration.isReady() else {
        throw WebhookFailure(.serviceUnavailable, "the control plane is not ready yet")
      }
      let share = budget.share()
      defer { share.giveBack() }
      let review = try AdmissionReview(
        await WebhookBody.read(request, within: configuration.bodyTimeout, share))
      let answer =
        switch hook {
        case .inject(let parameters): try inject(review, parameters)
        case .validate: validate(review)
        }
      return Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(bytes: review.answered(answer))))
    } catch {
      counters.count { $0.malformed += 1 }
      logger.warning(
        "A webhook request was not answered",
        metadata: ["status": "\(error.status.code)", "reason": "\(error.message.prefix(500))"])
      var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
      // What of the body was not read is not waited for.
      headers[.connection] = "close"
      return Response(
        status: error.status, headers: headers,
        body: .init(byteBuffer: ByteBuffer(string: error.message + "\n")))
    }
  }

  private func inject(
    _ review: AdmissionReview, _ parameters: Substring
  ) throws(WebhookFailure) -> AdmissionAnswer {
    guard let injection = configuration.injection() else {
      throw WebhookFailure(.serviceUnavailable, "the configuration of injection is not known yet")
    }
    let (answer, result, detail) = try InjectionWebhook.answer(
      review, path: parameters, injector: PodInjector(configuration: injection))
    counters.count { values in
      values.injectionRequests += 1
      switch result {
      case .injected: values.injected += 1
      case .skipped: values.skipped += 1
      case .failed: values.failed += 1
      }
    }
    logger.debug(
      "Decided about a pod",
      metadata: [
        "namespace": "\(review.namespace.prefix(64))", "pod": "\(review.name.prefix(64))",
        "detail": "\(detail.prefix(500))",
      ])
    return answer
  }

  private func validate(_ review: AdmissionReview) -> AdmissionAnswer {
    let answer = ValidationWebhook(validator: configuration.validator).answer(review)
    counters.count { values in
      if answer.isAllowed { values.accepted += 1 } else { values.refused += 1 }
    }
    return answer
  }

  private enum Hook {
    case inject(Substring)
    case validate
  }

  private static func hook(_ path: String) -> Hook? {
    if path == "/inject" || path.hasPrefix("/inject/") {
      return .inject(path.dropFirst("/inject".count))
    }
    return path == "/validate" || path.hasPrefix("/validate/") ? .validate : nil
  }

  private static func split(_ address: String) throws(AdmissionWebhookError) -> (String, Int) {
    guard let colon = address.lastIndex(of: ":"),
      let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
    else { throw .malformedAddress(address) }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return (host, port)
  }
}

/// Why the webhooks cannot be served.
package enum AdmissionWebhookError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The address to listen on is not `host:port`.
  case malformedAddress(String)

  /// What is wrong and what to do.
  package var description: String {
    switch self {
    case .malformedAddress(let address): "\"\(address)\" is not an address; write host:port"
    }
  }
}
