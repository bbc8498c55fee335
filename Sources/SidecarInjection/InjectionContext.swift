package import StreamingJSON
internal import YAML

/// Everything a template is made from: a pod without earlier injections, and what applies to it.
struct InjectionContext {
  let configuration: InjectionConfiguration
  let pod: JSONValue
  let namespace: String
  let owner: WorkloadOwner
  let annotations: PodAnnotations
  let labels: [String: String]
  /// The mesh's `defaultConfig` with what ProxyConfig objects and the pod's annotation change.
  let proxyConfiguration: JSONValue
  /// Whether the proxy is an init container that stays.
  let isNativeSidecar: Bool
  /// REDIRECT, TPROXY or NONE.
  let interceptionMode: String
  /// The agent's port; 0 for none.
  let statusPort: Int64
  /// Variables from the path of the webhook.
  let environment: [(name: String, value: String)]

  init(
    _ request: InjectionRequest, pod: JSONValue, configuration: InjectionConfiguration
  ) throws(InjectionError) {
    self.configuration = configuration
    self.pod = pod
    namespace = request.namespace
    owner = request.owner ?? WorkloadOwner(of: pod)
    environment = request.environment
    let annotations = PodAnnotations(pod)
    self.annotations = annotations
    labels = pod[path: ["metadata", "labels"]].map(PodAnnotations.strings) ?? [:]
    let proxyConfiguration = configuration.proxyConfiguration
      .merging(configuration.proxyConfigs.settings(namespace: namespace, labels: labels))
      .merging(try Self.proxyConfiguration(annotations))
    self.proxyConfiguration = proxyConfiguration
    isNativeSidecar =
      try annotations.bool(InjectionAnnotation.nativeSidecar) ?? configuration.hasNativeSidecars
    let mode =
      annotations[InjectionAnnotation.interceptionMode]
      ?? proxyConfiguration["interceptionMode"]?.stringValue ?? configuration.redirection.mode
    guard ["REDIRECT", "TPROXY", "NONE"].contains(mode) else {
      throw annotations.fault(
        InjectionAnnotation.interceptionMode, "\"\(mode.prefix(64))\" is not a mode",
        remedy: "use REDIRECT, TPROXY or NONE")
    }
    interceptionMode = mode
    statusPort =
      try annotations.integer(InjectionAnnotation.statusPort, in: 0...65_535)
      ?? proxyConfiguration["statusPort"]?.integerValue ?? configuration.proxy.statusPort
  }

  /// Whether the application waits until the proxy is ready.
  var holdsApplication: Bool { proxyConfiguration["holdApplicationUntilProxyStarts"] == true }

  /// The pod's containers that are the application's own.
  var applicationContainers: [JSONValue] {
    PodParts.applicationContainers(of: pod)
  }

  private static func proxyConfiguration(
    _ annotations: PodAnnotations
  ) throws(InjectionError) -> JSONValue {
    let name = InjectionAnnotation.proxyConfiguration
    guard let text = annotations[name] else { return [:] }
    guard text.utf8.count <= PodAnnotations.maximumSize else {
      throw annotations.fault(
        name, "the annotation has more than \(PodAnnotations.maximumSize) bytes")
    }
    let value: JSONValue
    do throws(YAMLError) {
      value = try YAMLReader.documents(text).first?.value ?? .null
    } catch {
      throw annotations.fault(name, "the annotation is not YAML: \(error)")
    }
    if value == .null { return [:] }
    guard value.objectValue != nil else {
      throw annotations.fault(name, "the annotation is not a map of settings")
    }
    return value
  }
}

/// A pod that is to get a proxy, with what is known about it.
package struct InjectionRequest: Sendable {
  /// The pod or the template of one.
  package var pod: JSONValue
  /// Its namespace.
  package var namespace: String
  /// The workload it belongs to; found through its references when absent.
  package var owner: WorkloadOwner?
  /// Further variables of the proxy's environment.
  package var environment: [(name: String, value: String)]

  /// Creates a request.
  package init(
    pod: JSONValue, namespace: String, owner: WorkloadOwner? = nil,
    environment: [(name: String, value: String)] = []
  ) {
    self.pod = pod
    self.namespace = namespace
    self.owner = owner
    self.environment = environment
  }
}

/// The parts of a pod that injection reads and writes.
enum PodParts {
  static let proxyName = "istio-proxy"
  static let initName = "istio-init"
  static let validationName = "istio-validation"

  static func list(_ key: String, of pod: JSONValue) -> [JSONValue] {
    pod[path: ["spec", key]]?.arrayValue ?? []
  }

  static func name(_ part: JSONValue) -> String { part["name"]?.stringValue ?? "" }

  /// Containers that run beside the proxy: the pod's, and init containers that stay.
  static func applicationContainers(of pod: JSONValue) -> [JSONValue] {
    (list("containers", of: pod)
      + list("initContainers", of: pod).filter { $0["restartPolicy"] == "Always" })
      .filter { name($0) != proxyName }
  }

  /// Replaces a list of the specification; a list that becomes empty goes.
  static func set(_ key: String, _ list: [JSONValue], of pod: inout JSONValue) {
    let isThere = pod[path: ["spec", key]] != nil
    if list.isEmpty, !isThere || key != "containers" {
      if isThere { pod[path: ["spec", key]] = nil }
    } else {
      pod[path: ["spec", key]] = .array(list)
    }
  }
}
