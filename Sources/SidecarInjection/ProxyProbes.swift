internal import StreamingJSON

/// How Kubernetes learns whether the proxy has started and is ready.
enum ProxyProbes {
  private static let prefix = "readiness.status.sidecar.istio.io/"

  /// Where Istio's agent and Skein's answer.
  private static let readyPort: JSONValue = 15_021

  static func readiness(_ context: InjectionContext) throws(InjectionError) -> JSONValue {
    let proxy = context.configuration.proxy
    let seconds: ClosedRange<Int64> = 0...86_400
    let period = try context.annotations.integer(prefix + "periodSeconds", in: 1...86_400)
    let failures = try context.annotations.integer(prefix + "failureThreshold", in: 1...100_000)
    let delay = try context.annotations.integer(prefix + "initialDelaySeconds", in: seconds)
    var probe = request
    let initialDelay = delay ?? proxy.readinessInitialDelay
    if initialDelay > 0 { probe["initialDelaySeconds"] = .integer(initialDelay) }
    probe["periodSeconds"] = .integer(period ?? proxy.readinessPeriod)
    probe["timeoutSeconds"] = 3
    probe["failureThreshold"] = .integer(failures ?? proxy.readinessFailureThreshold)
    return probe
  }

  static func startup(_ context: InjectionContext) -> JSONValue? {
    let failures = context.configuration.proxy.startupFailureThreshold
    guard failures > 0 else { return nil }
    var probe = request
    probe["periodSeconds"] = 1
    probe["timeoutSeconds"] = 3
    probe["failureThreshold"] = .integer(failures)
    return probe
  }

  private static var request: JSONValue {
    ["httpGet": ["path": "/healthz/ready", "port": readyPort]]
  }
}
