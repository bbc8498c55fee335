internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// Finds the views of a proxy.
enum ScopeResolution {
  static func scope(of proxy: ProxyNode, _ reader: inout SnapshotReader) -> ProxyScope {
    let workload = workload(of: proxy, &reader)
    let labels = workload?.labels ?? proxy.labels
    let isIPv6 = proxy.addresses.first?.contains(":") ?? false
    let interception =
      OutboundScope.Interception(rawValue: proxy.metadata["INTERCEPTION_MODE"] ?? "") ?? .redirect
    let relevant = reader.selectorLabelKeys()
    let sidecar =
      proxy.type == .sidecar
      ? sidecar(namespace: proxy.namespace, labels: labels, &reader) : nil
    let (searchNamespace, searchSuffix) = searchDomain(proxy.dnsDomain)
    let viewer = Viewer(
      namespace: proxy.namespace, searchNamespace: searchNamespace,
      labels: labels.filter { relevant.contains($0.key) },
      // Views of different nodes are different views: only where a service makes them so.
      node: reader.hasNodeAwareServices() ? workload?.nodeName ?? proxy.nodeName : "")
    let outbound = OutboundScope(
      searchSuffix: searchSuffix, sidecar: sidecar,
      interception: interception, dialect: dialect(of: proxy),
      discoversVirtualHosts: proxy.isDelta && isProven(proxy.envoyVersion),
      marksLocalities: isProven(proxy.envoyVersion),
      carriesTelemetry: proxy.metadata["SKEIN_PROFILE"] != "trimmed",
      isIPv6: isIPv6, clusterID: proxy.clusterID, meshID: proxy.metadata["MESH_ID"] ?? "")
    let endpoints = EndpointsScope(
      outbound: outbound, locality: locality(of: proxy, workload),
      isGateway: proxy.type == .router)
    switch proxy.type {
    case .sidecar:
      let inbound = InboundScope(
        namespace: proxy.namespace, labels: labels,
        addresses: interception == .none ? proxy.addresses : [], sidecar: sidecar,
        interception: interception, dialect: outbound.dialect, isIPv6: isIPv6,
        clusterID: proxy.clusterID, meshID: outbound.meshID,
        namedPorts: workload?.namedPorts ?? [:], selectedServices: [])
      return ProxyScope(parts: [
        ViewKey(family: .outbound(outbound), viewer: viewer),
        ViewKey(
          family: .inbound(inbound), viewer: Viewer(namespace: proxy.namespace, labels: labels)),
        ViewKey(family: .endpoints(endpoints), viewer: viewer),
      ])
    case .router:
      let gateway = GatewayScope(
        outbound: outbound, labels: labels, namedPorts: workload?.namedPorts ?? [:],
        secretsNamespace: proxy.verifiedIdentity == nil ? nil : proxy.namespace)
      return ProxyScope(parts: [
        ViewKey(family: .gateway(gateway), viewer: viewer),
        ViewKey(family: .endpoints(endpoints), viewer: viewer),
      ])
    }
  }

  /// `default.svc.cluster.local` as `default` and `.svc.cluster.local`.
  private static func searchDomain(_ domain: String) -> (namespace: String, suffix: String) {
    guard let range = domain.firstRange(of: ".svc.") else { return ("", "") }
    return (String(domain[..<range.lowerBound]), String(domain[range.lowerBound...]))
  }

  /// The workload of a proxy: for one that proved who it is the pod of its name or else what has its address,
  /// if its identity is the same; for another what has its address, the pod of its name first.
  private static func workload(
    of proxy: ProxyNode, _ reader: inout SnapshotReader
  ) -> Workload? {
    if proxy.verifiedIdentity != nil {
      let key = ConfigKey(.pod, namespace: proxy.namespace, name: proxy.name)
      if let pod = reader.workload(key), hasIdentity(pod, of: proxy) { return pod }
    }
    for address in proxy.addresses {
      let workloads = reader.workloads(at: address).filter {
        $0.namespace == proxy.namespace && hasIdentity($0, of: proxy)
      }
      if let found = workloads.first(where: { $0.name == proxy.name }) ?? workloads.first {
        return found
      }
    }
    return nil
  }

  /// Whether a workload runs as what the proxy proved to be; one that proved nothing is not asked.
  private static func hasIdentity(_ workload: Workload, of proxy: ProxyNode) -> Bool {
    guard let identity = proxy.verifiedIdentity else { return true }
    if workload.origin.kind != .pod, workload.serviceAccount.isEmpty { return true }
    return identity.hasSuffix("/ns/\(workload.namespace)/sa/\(workload.serviceAccount)")
  }

  private static func locality(of proxy: ProxyNode, _ workload: Workload?) -> EndpointLocality {
    if let locality = workload?.locality, locality != EndpointLocality() { return locality }
    return EndpointLocality(
      region: proxy.locality.region, zone: proxy.locality.zone, subZone: proxy.locality.subZone)
  }

  private static func dialect(of proxy: ProxyNode) -> Dialect {
    guard let extensions = proxy.istioExtensions else {
      return proxy.metadata["ISTIO_VERSION"] == nil ? .stock : .istioProxy
    }
    return extensions.contains("istio.alpn") ? .istioProxy : .stock
  }

  /// Whether discovery of virtual hosts over the aggregated stream and metadata of localities are proven
  /// on a version of Envoy: 1.36 to 1.40.
  private static func isProven(_ version: String?) -> Bool {
    let parts = (version ?? "").split(separator: ".").compactMap { Int($0) }
    guard parts.count >= 2 else { return false }
    return parts[0] == 1 && (36...40).contains(parts[1])
  }

  /// The Sidecar of a workload: one that selects it, else its namespace's, else the mesh's.
  private static func sidecar(
    namespace: String, labels: [String: String], _ reader: inout SnapshotReader
  ) -> ConfigKey? {
    let own = reader.sidecars(inNamespace: namespace)
    if let selected = own.first(where: { sidecar in
      guard let selector = sidecar.spec.workloadSelector, !selector.labels.isEmpty else {
        return false
      }
      return labels.isSelected(by: selector.labels)
    }) {
      return selected.key
    }
    let root = reader.meshConfig().rootNamespace
    for owner in namespace == root ? [root] : [namespace, root] {
      let general = reader.sidecars(inNamespace: owner).first {
        $0.spec.workloadSelector?.labels.isEmpty ?? true
      }
      if let general { return general.key }
    }
    return nil
  }
}
