internal import StreamingJSON

/// Probes that the agent asks on behalf of Kubernetes, for the proxy would ask who the kubelet is.
enum ProbeRewrite {
  private static let probes = [
    ("readinessProbe", "readyz"), ("livenessProbe", "livez"), ("startupProbe", "startupz"),
  ]
  private static let hooks = [("postStart", "poststartz"), ("preStop", "prestopz")]

  /// Points the probes of a pod at the agent and tells the proxy what they were.
  static func apply(to pod: inout JSONValue, statusPort: Int64) {
    var originals = JSONObject()
    for key in ["initContainers", "containers"] {
      let list = PodParts.list(key, of: pod).map { container in
        isApplication(container, in: key)
          ? rewrite(container, statusPort: statusPort, &originals) : container
      }
      if !list.isEmpty { PodParts.set(key, list, of: &pod) }
    }
    guard !originals.isEmpty else { return }
    let sorted = originals.sorted { $0.key < $1.key }
    var object = JSONObject()
    for (path, probe) in sorted { object[path] = probe }
    let text = String(decoding: JSONValue.object(object).serialized(), as: UTF8.self)
    ProxyVariable.set(ProxyEnvironment.text(ProxyEnvironment.probers, text), of: &pod)
  }

  private static func isApplication(_ container: JSONValue, in key: String) -> Bool {
    PodParts.name(container) != PodParts.proxyName
      && (key == "containers" || container["restartPolicy"] == "Always")
  }

  private static func rewrite(
    _ container: JSONValue, statusPort: Int64, _ originals: inout JSONObject
  ) -> JSONValue {
    var container = container
    let name = PodParts.name(container)
    let ports = container["ports"]?.arrayValue ?? []
    for (key, last) in probes {
      let path = "/app-health/\(name)/\(last)"
      if let probe = container[key],
        let (rewritten, original) = moved(probe, to: path, statusPort: statusPort, ports: ports)
      {
        container[key] = rewritten
        originals[path] = original
      }
    }
    for (key, last) in hooks {
      let path = "/app-lifecycle/\(name)/\(last)"
      if let hook = container[path: ["lifecycle", key]],
        let (rewritten, original) = moved(hook, to: path, statusPort: statusPort, ports: ports)
      {
        container[path: ["lifecycle", key]] = rewritten
        originals[path] = original
      }
    }
    return container
  }

  /// A probe that asks the agent, and what the agent has to ask; nil when it needs no agent.
  private static func moved(
    _ probe: JSONValue, to path: String, statusPort: Int64, ports: [JSONValue]
  ) -> (rewritten: JSONValue, original: JSONValue)? {
    guard let kind = ["httpGet", "tcpSocket", "grpc"].first(where: { probe[$0] != nil }),
      var target = probe[kind], let port = number(target["port"], ports), port != statusPort
    else { return nil }
    target["port"] = .integer(port)
    var original: JSONValue = [kind: target]
    if let timeout = probe["timeoutSeconds"] { original["timeoutSeconds"] = timeout }
    var rewritten = probe
    var request: JSONValue = kind == "httpGet" ? target : [:]
    request["path"] = .string(path)
    request["port"] = .integer(statusPort)
    // The agent speaks TLS to the application; to the agent itself plain HTTP is spoken.
    if request["scheme"] != nil { request["scheme"] = "HTTP" }
    rewritten[kind] = nil
    rewritten["httpGet"] = request
    return (rewritten, original)
  }

  /// A port's number; a name stands for the container's port of that name.
  private static func number(_ port: JSONValue?, _ ports: [JSONValue]) -> Int64? {
    if let number = port?.integerValue { return number }
    guard let text = port?.stringValue else { return nil }
    if let named = ports.first(where: { $0["name"]?.stringValue == text }) {
      return named["containerPort"]?.integerValue
    }
    return Int64(text)
  }

  /// Gives the probes of a pod back what they were, as the proxy was told it.
  static func undo(in pod: inout JSONValue) {
    guard let text = ProxyVariable.text(ProxyEnvironment.probers, of: pod),
      let originals = try? JSONValue(parsing: text, limits: JSONLimits(size: 1 << 20, depth: 16))
    else { return }
    for key in ["initContainers", "containers"] {
      let list = PodParts.list(key, of: pod).map { container in
        var container = container
        let name = PodParts.name(container)
        for (probe, last) in probes {
          if let original = originals["/app-health/\(name)/\(last)"], let now = container[probe] {
            container[probe] = restored(now, original)
          }
        }
        for (hook, last) in hooks {
          let path = ["lifecycle", hook]
          if let original = originals["/app-lifecycle/\(name)/\(last)"],
            let now = container[path: path]
          {
            container[path: path] = restored(now, original)
          }
        }
        return container
      }
      if !list.isEmpty { PodParts.set(key, list, of: &pod) }
    }
  }

  private static func restored(_ probe: JSONValue, _ original: JSONValue) -> JSONValue {
    var probe = probe
    probe["httpGet"] = nil
    for kind in ["httpGet", "tcpSocket", "grpc"] {
      if let target = original[kind] { probe[kind] = target }
    }
    return probe
  }
}

/// Variables of the proxy's container in a pod.
enum ProxyVariable {
  static func set(_ variable: JSONValue, of pod: inout JSONValue) {
    for key in ["initContainers", "containers"] {
      let list = PodParts.list(key, of: pod)
      guard let index = list.firstIndex(where: { PodParts.name($0) == PodParts.proxyName }) else {
        continue
      }
      var changed = list
      changed[index]["env"] = .array(
        ProxyEnvironment.setting(variable, in: changed[index]["env"]?.arrayValue ?? []))
      PodParts.set(key, changed, of: &pod)
    }
  }

  /// The text of a variable, without the escapes of ``ProxyEnvironment``.
  static func text(_ name: String, of pod: JSONValue) -> String? {
    let proxies = (PodParts.list("initContainers", of: pod) + PodParts.list("containers", of: pod))
      .filter { PodParts.name($0) == PodParts.proxyName }
    let variable = proxies.flatMap { $0["env"]?.arrayValue ?? [] }
      .first { $0["name"]?.stringValue == name }
    return variable?["value"]?.stringValue?.replacing("$$(", with: "$(")
  }
}
