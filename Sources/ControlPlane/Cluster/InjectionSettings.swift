internal import IstioAPI
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle
internal import SidecarInjection
internal import StreamingJSON
internal import Synchronization
internal import YAML

/// The configuration of injection as the cluster has it, followed: `values` and `config` of the ConfigMap
/// `istio-sidecar-injector[-<revision>]`, `defaultConfig` of the mesh's, and the versions of the nodes.
final class InjectionSettings: ServiceLifecycle.Service {
  private struct State {
    var injector: [String: String] = [:]
    var mesh: JSONValue = [:]
    var kubelets: [ObjectKey: String] = [:]
    var current: InjectionConfiguration?
  }

  private let client: KubernetesClient
  private let configuration: ControlPlaneConfiguration
  private let logger: Logger
  private let state = Mutex(State())

  init(_ client: KubernetesClient, _ configuration: ControlPlaneConfiguration, logger: Logger) {
    self.client = client
    self.configuration = configuration
    self.logger = logger
    update { _ in }
  }

  /// What pods get now.
  var current: InjectionConfiguration? { state.withLock(\.current) }

  private var injectorName: String {
    configuration.isDefaultRevision
      ? "istio-sidecar-injector" : "istio-sidecar-injector-\(configuration.revision)"
  }

  private var meshName: String {
    configuration.isDefaultRevision ? "istio" : "istio-\(configuration.revision)"
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await self.followConfigMaps() }
        group.addTask { await self.followNodes() }
      }
    }
  }

  private func followConfigMaps() async {
    let watch = client.watch(ConfigMap.self, namespace: configuration.rootNamespace).untracked()
    for await event in watch {
      switch event {
      case .initApply(let object), .apply(let object):
        guard let data = object.value?.data else { continue }
        take(object.key.name, data)
      case .delete(let key), .initDelete(let key): take(key.name, [:])
      case .initStart, .initDone: break
      }
    }
  }

  private func take(_ name: String, _ data: [String: String]) {
    if name == injectorName { update { $0.injector = data } }
    if name == meshName { update { $0.mesh = Self.yaml(data["mesh"] ?? "") ?? [:] } }
  }

  private func followNodes() async {
    for await event in client.watch(Node.self).untracked() {
      switch event {
      case .initApply(let node), .apply(let node):
        let version = node.value?.kubeletVersion ?? ""
        if state.withLock({ $0.kubelets[node.key] }) != version {
          update { $0.kubelets[node.key] = version }
        }
      case .delete(let key), .initDelete(let key): update { $0.kubelets[key] = nil }
      case .initStart, .initDone: break
      }
    }
  }

  private func update(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      state.current = make(state)
    }
  }

  private func make(_ state: State) -> InjectionConfiguration {
    var result = InjectionConfiguration()
    result.selection.revision = configuration.revision
    result.selection.isDefaultRevision = configuration.isDefaultRevision
    let service = configuration.isDefaultRevision ? "istiod" : "istiod-\(configuration.revision)"
    result.mesh.controlPlaneAddress = "\(service).\(configuration.rootNamespace).svc:15012"
    result.mesh.clusterID = configuration.clusterID
    result.mesh.clusterDomain = configuration.clusterDomain
    result.mesh.trustDomain = configuration.trustDomain
    result.proxyConfiguration = state.mesh["defaultConfig"] ?? [:]
    result.hasNativeSidecars = NativeSidecarSupport.isAvailable(
      kubeletVersions: Array(state.kubelets.values))
    if let text = state.injector["values"] {
      if let values = Self.yaml(text) {
        InjectorValues(values).apply(to: &result)
      } else {
        logger.error(
          "the values of injection cannot be read; the defaults are used",
          metadata: ["config.object": "ConfigMap/\(injectorName)"])
      }
    }
    if let config = state.injector["config"].flatMap(Self.yaml) {
      InjectorPolicy(config).apply(to: &result)
    }
    if let image = configuration.proxyImage { result.proxy.image = image }
    return result
  }

  private static func yaml(_ text: String) -> JSONValue? {
    (try? YAMLReader.documents(Array(text.utf8), file: "values"))?.first?.value
  }
}

/// `values` of the injector's ConfigMap, in the words of Istio's chart.
private struct InjectorValues {
  let values: JSONValue

  init(_ values: JSONValue) { self.values = values }

  private func text(_ path: String...) -> String? {
    values[path: path]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
  }

  private func flag(_ path: String...) -> Bool? { values[path: path]?.boolValue }

  func apply(to result: inout InjectionConfiguration) {
    result.proxy.image = image ?? result.proxy.image
    result.proxy.imagePullPolicy = text("global", "imagePullPolicy")
    if let agent = text("global", "proxy", "agent") {
      result.proxy.agent = ProxyContainerSettings.Agent(rawValue: agent) ?? result.proxy.agent
    }
    result.proxy.logLevel = text("global", "proxy", "logLevel") ?? result.proxy.logLevel
    result.proxy.componentLogLevel =
      text("global", "proxy", "componentLogLevel") ?? result.proxy.componentLogLevel
    let resources = ["global", "proxy", "resources"]
    func quantity(
      _ kind: String, _ name: String,
      _ path: WritableKeyPath<ProxyContainerSettings.Resources, String>
    ) {
      if let value = values[path: resources + [kind, name]]?.stringValue {
        result.proxy.resources[keyPath: path] = value
      }
    }
    quantity("requests", "cpu", \.cpuRequest)
    quantity("requests", "memory", \.memoryRequest)
    quantity("limits", "cpu", \.cpuLimit)
    quantity("limits", "memory", \.memoryLimit)
    result.imagePullSecrets =
      values[path: ["global", "imagePullSecrets"]]?.arrayValue?.compactMap {
        $0.stringValue ?? $0["name"]?.stringValue
      } ?? []
    result.mesh.network = text("global", "network") ?? result.mesh.network
    result.mesh.meshID = text("global", "meshID") ?? result.mesh.meshID
    result.redirection.includedOutboundRanges =
      text("global", "proxy", "includeIPRanges") ?? result.redirection.includedOutboundRanges
    result.redirection.excludedOutboundRanges =
      text("global", "proxy", "excludeIPRanges") ?? result.redirection.excludedOutboundRanges
    result.redirection.excludedInboundPorts =
      text("global", "proxy", "excludeInboundPorts") ?? result.redirection.excludedInboundPorts
    result.redirection.excludedOutboundPorts =
      text("global", "proxy", "excludeOutboundPorts") ?? result.redirection.excludedOutboundPorts
    result.redirection.usesCNI =
      flag("istio_cni", "enabled") ?? flag("pilot", "cni", "enabled") ?? false
    result.rewritesProbes = flag("sidecarInjectorWebhook", "rewriteAppHTTPProbe") ?? true
    result.selection.takesUnlabeledNamespaces =
      flag("sidecarInjectorWebhook", "enableNamespacesByDefault") ?? false
  }

  /// `hub/image:tag`, or the image alone where it is a whole reference.
  private var image: String? {
    let name = text("global", "proxy", "image") ?? "proxyv2"
    if name.contains("/") { return name }
    guard let hub = text("global", "hub") else { return nil }
    guard
      let tag = text("global", "tag")
        ?? values[path: ["global", "tag"]]?.integerValue.map(String.init)
    else { return nil }
    return "\(hub)/\(name):\(tag)"
  }
}

/// `config` of the injector's ConfigMap: which pods get a proxy.
private struct InjectorPolicy {
  let config: JSONValue

  init(_ config: JSONValue) { self.config = config }

  func apply(to result: inout InjectionConfiguration) {
    if let policy = config["policy"]?.stringValue {
      result.selection.injectsByDefault = policy == "enabled"
    }
    result.selection.neverInject = selectors("neverInjectSelector")
    result.selection.alwaysInject = selectors("alwaysInjectSelector")
    for (key, value) in config["injectedAnnotations"]?.objectValue ?? JSONObject() {
      if let text = value.stringValue { result.annotations[key] = text }
    }
  }

  private func selectors(_ name: String) -> [LabelSelector] {
    (config[name]?.arrayValue ?? []).compactMap { value in
      guard var reader = try? JSONReader(value.serialized()) else { return nil }
      return try? LabelSelector(from: &reader)
    }
  }
}
