/// What a kind is called in the Kubernetes API.
package struct KubernetesResource: Hashable, Sendable {
  /// The API group; empty for the core group.
  package var group: String
  /// The versions served, the preferred one first.
  package var versions: [String]
  /// The name in paths, such as `virtualservices`.
  package var plural: String
  /// The name of one, such as `virtualservice`.
  package var singular: String
  /// The kind, such as `VirtualService`.
  package var kind: String
  /// Whether objects live in namespaces.
  package var isNamespaced: Bool
  /// Abbreviations kubectl accepts.
  package var shortNames: [String]

  /// Creates a description.
  package init(
    group: String = "", versions: [String] = ["v1"], plural: String, kind: String,
    isNamespaced: Bool = true, shortNames: [String] = []
  ) {
    self.group = group
    self.versions = versions
    self.plural = plural
    self.singular = kind.lowercased()
    self.kind = kind
    self.isNamespaced = isNamespaced
    self.shortNames = shortNames
  }

  /// The version clients should use.
  package var preferredVersion: String { versions.first ?? "v1" }

  /// `group/version`, or the version alone in the core group.
  package func apiVersion(_ version: String? = nil) -> String {
    let version = version ?? preferredVersion
    return group.isEmpty ? version : "\(group)/\(version)"
  }

  /// The path of the collection, of one namespace's part of it, or of one object.
  package func path(
    version: String? = nil, namespace: String? = nil, name: String? = nil
  ) -> String {
    var path = (group.isEmpty ? "/api/" : "/apis/") + apiVersion(version)
    if isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(namespace)" }
    path += "/\(plural)"
    if let name { path += "/\(name)" }
    return path
  }

  /// The resource whose objects say this `apiVersion` and `kind`.
  package static func find(apiVersion: String, kind: String) -> KubernetesResource? {
    all.first { resource in
      resource.kind == kind && resource.versions.contains { resource.apiVersion($0) == apiVersion }
    }
  }

  /// The resource a user means by a plural, singular, kind or short name, as in kubectl.
  package static func named(_ name: String) -> KubernetesResource? {
    let parts = name.lowercased().split(separator: ".", maxSplits: 1)
    guard let word = parts.first.map(String.init) else { return nil }
    return all.first { resource in
      (resource.plural == word || resource.singular == word || resource.shortNames.contains(word))
        && (parts.count == 1 || parts[1] == resource.group)
    }
  }
}

extension KubernetesResource {
  /// Namespaces.
  package static let namespaces = KubernetesResource(
    plural: "namespaces", kind: "Namespace", isNamespaced: false, shortNames: ["ns"])
  /// Nodes.
  package static let nodes = KubernetesResource(
    plural: "nodes", kind: "Node", isNamespaced: false, shortNames: ["no"])
  /// Pods.
  package static let pods = KubernetesResource(plural: "pods", kind: "Pod", shortNames: ["po"])
  /// Services.
  package static let services = KubernetesResource(
    plural: "services", kind: "Service", shortNames: ["svc"])
  /// Service accounts.
  package static let serviceAccounts = KubernetesResource(
    plural: "serviceaccounts", kind: "ServiceAccount", shortNames: ["sa"])
  /// Secrets.
  package static let secrets = KubernetesResource(plural: "secrets", kind: "Secret")
  /// Config maps.
  package static let configMaps = KubernetesResource(
    plural: "configmaps", kind: "ConfigMap", shortNames: ["cm"])
  /// Endpoint slices.
  package static let endpointSlices = KubernetesResource(
    group: "discovery.k8s.io", versions: ["v1", "v1beta1"], plural: "endpointslices",
    kind: "EndpointSlice")
  /// Deployments; kept by the embedded API, never acted on.
  package static let deployments = KubernetesResource(
    group: "apps", plural: "deployments", kind: "Deployment", shortNames: ["deploy"])

  /// The built-in kinds.
  package static let builtIn: [KubernetesResource] = [
    .namespaces, .nodes, .pods, .services, .serviceAccounts, .secrets, .configMaps,
    .endpointSlices, .deployments,
  ]

  private static let networking = "networking.istio.io"
  private static let security = "security.istio.io"
  private static let networkingVersions = ["v1", "v1beta1", "v1alpha3"]

  /// VirtualServices.
  package static let virtualServices = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "virtualservices",
    kind: "VirtualService", shortNames: ["vs"])
  /// DestinationRules.
  package static let destinationRules = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "destinationrules",
    kind: "DestinationRule", shortNames: ["dr"])
  /// Gateways.
  package static let gateways = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "gateways", kind: "Gateway",
    shortNames: ["gw"])
  /// ServiceEntries.
  package static let serviceEntries = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "serviceentries",
    kind: "ServiceEntry", shortNames: ["se"])
  /// Sidecars.
  package static let sidecars = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "sidecars", kind: "Sidecar")
  /// WorkloadEntries.
  package static let workloadEntries = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "workloadentries",
    kind: "WorkloadEntry", shortNames: ["we"])
  /// WorkloadGroups.
  package static let workloadGroups = KubernetesResource(
    group: networking, versions: networkingVersions, plural: "workloadgroups",
    kind: "WorkloadGroup", shortNames: ["wg"])
  /// EnvoyFilters.
  package static let envoyFilters = KubernetesResource(
    group: networking, versions: ["v1alpha3"], plural: "envoyfilters", kind: "EnvoyFilter")
  /// ProxyConfigs.
  package static let proxyConfigs = KubernetesResource(
    group: networking, versions: ["v1beta1"], plural: "proxyconfigs", kind: "ProxyConfig")
  /// PeerAuthentications.
  package static let peerAuthentications = KubernetesResource(
    group: security, versions: ["v1", "v1beta1"], plural: "peerauthentications",
    kind: "PeerAuthentication", shortNames: ["pa"])
  /// AuthorizationPolicies.
  package static let authorizationPolicies = KubernetesResource(
    group: security, versions: ["v1", "v1beta1"], plural: "authorizationpolicies",
    kind: "AuthorizationPolicy", shortNames: ["ap"])
  /// RequestAuthentications.
  package static let requestAuthentications = KubernetesResource(
    group: security, versions: ["v1", "v1beta1"], plural: "requestauthentications",
    kind: "RequestAuthentication", shortNames: ["ra"])
  /// Telemetries.
  package static let telemetries = KubernetesResource(
    group: "telemetry.istio.io", versions: ["v1", "v1alpha1"], plural: "telemetries",
    kind: "Telemetry", shortNames: ["telemetry"])
  /// WasmPlugins.
  package static let wasmPlugins = KubernetesResource(
    group: "extensions.istio.io", versions: ["v1alpha1"], plural: "wasmplugins",
    kind: "WasmPlugin")

  /// Istio's kinds, in every version that is served.
  package static let istio: [KubernetesResource] = [
    .virtualServices, .destinationRules, .gateways, .serviceEntries, .sidecars, .workloadEntries,
    .workloadGroups, .envoyFilters, .proxyConfigs, .peerAuthentications, .authorizationPolicies,
    .requestAuthentications, .telemetries, .wasmPlugins,
  ]

  /// Every kind that is known.
  package static let all = builtIn + installation + istio
}
