internal import Hummingbird
internal import Logging
internal import ServiceLifecycle

/// Answers readiness probes and passes Envoy's metrics on.
struct StatusServer: Service {
  let configuration: AgentConfiguration
  let logger: Logger

  func run() async throws {
    let admin = EnvoyAdmin(port: configuration.adminPort)
    let router = Router()
    router.get("/healthz/ready") { _, _ -> HTTPResponse.Status in
      await admin.isReady() ? .ok : .serviceUnavailable
    }
    router.get("/stats/prometheus") { _, _ -> String in
      guard let answer = try? await admin.get("/stats/prometheus"), answer.status == 200 else {
        throw HTTPError(.serviceUnavailable)
      }
      return answer.body
    }
    let application = Application(
      router: router,
      configuration: .init(
        address: .hostname(configuration.everyAddress, port: configuration.statusPort)),
      logger: logger)
    try await application.run()
  }
}
