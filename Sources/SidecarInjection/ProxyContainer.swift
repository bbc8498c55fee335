internal import StreamingJSON

/// The container of the proxy.
enum ProxyContainer {
  static func make(_ context: InjectionContext) throws(InjectionError) -> JSONValue {
    let proxy = context.configuration.proxy
    var container: JSONValue = [
      "name": .string(PodParts.proxyName), "image": .string(ProxyImage.proxy(context)),
    ]
    if let policy = proxy.imagePullPolicy { container["imagePullPolicy"] = .string(policy) }
    container["ports"] = [
      ["containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"]
    ]
    container["args"] = .array(AgentArguments.make(context))
    container["env"] = .array(ProxyEnvironment.make(context))
    container["lifecycle"] = lifecycle(context)
    container["readinessProbe"] = try ProxyProbes.readiness(context)
    container["startupProbe"] = ProxyProbes.startup(context)
    container["resources"] = try ProxyResources.make(context)
    container["securityContext"] = securityContext(context)
    if context.isNativeSidecar { container["restartPolicy"] = "Always" }
    container["volumeMounts"] = .array(
      InjectedVolumes.mounts + (try InjectedVolumes.userMounts(context)))
    return container
  }

  /// A native sidecar drains when it is asked to end; else the application may have to wait for it.
  private static func lifecycle(_ context: InjectionContext) -> JSONValue? {
    guard context.configuration.proxy.agent == .istioProxy else { return nil }
    if context.isNativeSidecar {
      return [
        "preStop": [
          "exec": [
            "command": [
              "pilot-agent", "request", .string("--debug-port=\(context.statusPort)"), "POST",
              "drain",
            ]
          ]
        ]
      ]
    }
    guard context.holdsApplication else { return nil }
    return ["postStart": ["exec": ["command": ["pilot-agent", "wait"]]]]
  }

  private static func securityContext(_ context: InjectionContext) -> JSONValue {
    let user = context.configuration.proxy.userID
    // Transparent interception binds to addresses that are not the pod's own.
    let isTransparent = context.interceptionMode == "TPROXY"
    var capabilities: JSONValue = ["drop": ["ALL"]]
    if isTransparent { capabilities["add"] = ["NET_ADMIN"] }
    return [
      "allowPrivilegeEscalation": false, "capabilities": capabilities, "privileged": false,
      "readOnlyRootFilesystem": true, "runAsGroup": .integer(user),
      "runAsNonRoot": .bool(!isTransparent), "runAsUser": .integer(isTransparent ? 0 : user),
    ]
  }
}
