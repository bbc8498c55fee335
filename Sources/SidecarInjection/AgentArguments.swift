internal import StreamingJSON

/// How the agent in the proxy's container is started.
enum AgentArguments {
  static func make(_ context: InjectionContext) -> [JSONValue] {
    let arguments =
      switch context.configuration.proxy.agent {
      case .istioProxy: pilotAgent(context)
      case .skein: skein(context)
      }
    return arguments.map { .string($0) }
  }

  private static func pilotAgent(_ context: InjectionContext) -> [String] {
    let proxy = context.configuration.proxy
    let annotations = context.annotations
    let logLevel = annotations[InjectionAnnotation.logLevel] ?? proxy.logLevel
    let components = annotations[InjectionAnnotation.componentLogLevel] ?? proxy.componentLogLevel
    let agentLogLevel = annotations[InjectionAnnotation.agentLogLevel] ?? proxy.agentLogLevel
    return [
      "proxy", "sidecar", "--domain",
      "$(POD_NAMESPACE).svc.\(literal(context.configuration.mesh.clusterDomain))",
      "--proxyLogLevel=\(literal(logLevel))", "--proxyComponentLogLevel=\(literal(components))",
      "--log_output_level=\(literal(agentLogLevel))",
    ]
  }

  private static func skein(_ context: InjectionContext) -> [String] {
    let mesh = context.configuration.mesh
    let labels = context.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var arguments = [
      "proxy", "--type", "sidecar", "--ip", "$(INSTANCE_IP)", "--name", "$(POD_NAME)",
      "--namespace", "$(POD_NAMESPACE)", "--service-account", "$(SERVICE_ACCOUNT)",
      "--discovery-address", mesh.controlPlaneAddress, "--token-file",
      "/var/run/secrets/tokens/istio-token", "--root-cert",
      "/var/run/secrets/istio/root-cert.pem", "--trust-domain", mesh.trustDomain,
      "--cluster-domain", mesh.clusterDomain, "--cluster-id", mesh.clusterID,
      "--interception-mode", context.interceptionMode, "--envoy-log-level",
      literal(
        context.annotations[InjectionAnnotation.logLevel] ?? context.configuration.proxy.logLevel),
      "--config-dir", "/etc/istio/proxy",
    ]
    if !labels.isEmpty { arguments += ["--labels", literal(labels.joined(separator: ","))] }
    return arguments
  }

  /// Text that Kubernetes does not expand as a reference to a variable.
  private static func literal(_ text: String) -> String {
    text.replacing("$(", with: "$$(")
  }
}
