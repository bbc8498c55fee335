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
///
/// There is none before all of them were listed, so that no pod gets what another configuration says; and a
/// text that cannot be read leaves what was there before in force.
final class InjectionSettings: ServiceLifecycle.Service {
  private struct State {
    var config: JSONValue = [:]
    var values: JSONValue = [:]
    var mesh: JSONValue = [:]
    var kubelets: [String] = []
    var proxyConfigs: [DecodedObject<ProxyConfig>] = []
    var awaited: Set<KubernetesResource> = [.configMaps, .nodes, .proxyConfigs]
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
  }

  /// What pods get now; nil while the cluster has not said it.
  var current: InjectionConfiguration? { state.withLock(\.current) }

  private var injectorName: String {
    "istio-sidecar-injector" + configuration.revisionSuffix
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
    let names = [injectorName, configuration.meshConfigMap]
    var maps = FollowedObjects<ConfigMap, [String: String]> { object in
      names.contains(object.key.name) ? object.value?.data : nil
    }
    let watch = client.watch(ConfigMap.self, namespace: configuration.rootNamespace).untracked()
    for await event in watch where maps.take(event) && maps.areComplete {
      func data(_ name: String) -> [String: String] {
        maps.objects[ObjectKey(namespace: configuration.rootNamespace, name: name)] ?? [:]
      }
      let (injector, mesh) = (data(injectorName), data(configuration.meshConfigMap))
      update(.configMaps) { state in
        read(injector["config"], "\(injectorName): data.config", into: &state.config)
        read(injector["values"], "\(injectorName): data.values", into: &state.values)
        read(mesh["mesh"], "\(configuration.meshConfigMap): data.mesh", into: &state.mesh)
      }
    }
  }

  private func followNodes() async {
    var kubelets = FollowedObjects<Node, String> { $0.value?.kubeletVersion }
    for await event in client.watch(Node.self).untracked()
    where kubelets.take(event) && kubelets.areComplete {
      update(.nodes) { $0.kubelets = Array(kubelets.objects.values) }
    }
  }

  private func followProxyConfigs() async {
    var configs = FollowedObjects<ProxyConfig, DecodedObject<ProxyConfig>> { $0 }
    for await event in client.watch(.proxyConfigs, as: ProxyConfig.self).untracked()
    where configs.take(event) && configs.areComplete {
      update(.proxyConfigs) { $0.proxyConfigs = Array(configs.objects.values) }
    }
  }

  private func update(_ resource: KubernetesResource, _ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      state.awaited.remove(resource)
      if state.awaited.isEmpty { state.current = make(state) }
    }
  }

  /// Takes over a text in YAML; none is an empty one, and one that cannot be read changes nothing.
  private func read(_ text: String?, _ place: String, into value: inout JSONValue) {
    do {
      value = try YAMLReader.documents(text ?? "", file: place).first?.value ?? [:]
    } catch {
      logger.error(
        "a part of the configuration of injection cannot be read; what was before stays in force",
        metadata: ["config.object": "ConfigMap/\(place)", "config.error": "\(error)"])
    }
  }

  private func make(_ state: State) -> InjectionConfiguration {
    var result = InjectionConfiguration()
    result.selection.revision = configuration.revision
    result.mesh.controlPlaneAddress =
      "istiod\(configuration.revisionSuffix).\(configuration.rootNamespace).svc:15012"
    result.mesh.clusterID = configuration.clusterID
    result.mesh.clusterDomain = configuration.clusterDomain
    result.mesh.trustDomain = configuration.trustDomain
    result.proxyConfiguration = state.mesh["defaultConfig"] ?? [:]
    result.mergesMetrics = state.mesh["enablePrometheusMerge"]?.boolValue ?? result.mergesMetrics
    result.proxyConfigs = WorkloadProxyConfigs(
      Self.oldestFirst(state.proxyConfigs), rootNamespace: configuration.rootNamespace)
    result.hasNativeSidecars = NativeSidecarSupport.isAvailable(
      kubeletVersions: state.kubelets)
    let issues = InjectorConfigMap.apply(
      config: state.config, values: state.values, to: &result)
    for issue in issues {
      logger.warning(
        "a part of the configuration of injection is not followed",
        metadata: ["config.object": "ConfigMap/\(injectorName)", "config.error": "\(issue)"])
    }
    if let image = configuration.proxyImage { result.proxy.image = image }
    return result
  }

  private static func oldestFirst(
    _ objects: [DecodedObject<ProxyConfig>]
  ) -> [WorkloadProxyConfigs.Entry] {
    func age(_ object: DecodedObject<ProxyConfig>) -> (Int64, String, String) {
      let metadata = object.metadata
      return (metadata.creationTimestamp?.seconds ?? 0, metadata.name, metadata.namespace)
    }
    return objects.sorted { age($0) < age($1) }.compactMap { object in
      object.value.map { .init(namespace: object.metadata.namespace, spec: $0.raw) }
    }
  }
}
