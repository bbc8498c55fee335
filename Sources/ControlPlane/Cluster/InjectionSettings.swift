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
/// `istio-sidecar-injector[-<revision>]`, `defaultConfig` of the mesh's, the ProxyConfigs, and the versions of
/// the nodes.
final class InjectionSettings: ServiceLifecycle.Service {
  private struct State {
    var injector: [String: String] = [:]
    var mesh: JSONValue = [:]
    var kubelets: [ObjectKey: String] = [:]
    var proxyConfigs: [ObjectKey: DecodedObject<ProxyConfig>] = [:]
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
        group.addTask { await self.followProxyConfigs() }
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

  private func followProxyConfigs() async {
    for await event in client.watch(.proxyConfigs, as: ProxyConfig.self).untracked() {
      switch event {
      case .initApply(let object), .apply(let object):
        update { $0.proxyConfigs[object.key] = object }
      case .delete(let key), .initDelete(let key): update { $0.proxyConfigs[key] = nil }
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
    result.proxyConfigs = WorkloadProxyConfigs(
      Self.oldestFirst(state.proxyConfigs), rootNamespace: configuration.rootNamespace)
    result.hasNativeSidecars = NativeSidecarSupport.isAvailable(
      kubeletVersions: Array(state.kubelets.values))
    let issues = InjectorConfigMap.apply(
      config: document("config", state), values: document("values", state), to: &result)
    for issue in issues {
      logger.warning(
        "a part of the configuration of injection is not followed",
        metadata: ["config.object": "ConfigMap/\(injectorName)", "config.error": "\(issue)"])
    }
    if let image = configuration.proxyImage { result.proxy.image = image }
    return result
  }

  private static func oldestFirst(
    _ objects: [ObjectKey: DecodedObject<ProxyConfig>]
  ) -> [WorkloadProxyConfigs.Entry] {
    func age(_ object: DecodedObject<ProxyConfig>) -> (Int64, String, String) {
      let metadata = object.metadata
      return (metadata.creationTimestamp?.seconds ?? 0, metadata.name, metadata.namespace)
    }
    return objects.values.sorted { age($0) < age($1) }.compactMap { object in
      object.value.map { .init(namespace: object.metadata.namespace, spec: $0.raw) }
    }
  }

  private func document(_ key: String, _ state: State) -> JSONValue {
    guard let text = state.injector[key] else { return [:] }
    if let value = Self.yaml(text) { return value }
    logger.error(
      "a part of the configuration of injection cannot be read; the defaults are used",
      metadata: ["config.object": "ConfigMap/\(injectorName)", "config.field": "\(key)"])
    return [:]
  }

  private static func yaml(_ text: String) -> JSONValue? {
    (try? YAMLReader.documents(Array(text.utf8), file: "values"))?.first?.value
  }
}
