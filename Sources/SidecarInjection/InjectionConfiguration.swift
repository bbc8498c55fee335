package import IstioAPI
package import StreamingJSON

/// How pods get their proxy: what an installation decides once for all of them.
///
/// The defaults are those of Istio's chart.
package struct InjectionConfiguration: Hashable, Sendable {
  /// Which pods get a proxy.
  package var selection = InjectionSelection()
  /// The proxy's container.
  package var proxy = ProxyContainerSettings()
  /// How connections come to the proxy, where the pod does not say.
  package var redirection = RedirectionSettings()
  /// Where the proxy belongs.
  package var mesh = MeshIdentity()
  /// Whether the cluster starts init containers that stay (`restartPolicy: Always`).
  package var hasNativeSidecars = false
  /// Whether probes of the application are asked by the agent in the pod's own network.
  package var rewritesProbes = true
  /// Whether the application's metrics are served together with the proxy's.
  package var mergesMetrics = true
  /// The mesh's `defaultConfig`, as its configuration says it.
  package var proxyConfiguration: JSONValue = [:]
  /// What ProxyConfig objects change of it, for all pods or for some.
  package var proxyConfigs = WorkloadProxyConfigs()
  /// Annotations that every injected pod gets.
  package var annotations: [String: String] = [:]
  /// The names of Secrets with credentials for the images.
  package var imagePullSecrets: [String] = []
  /// Further templates by name: pods whose parts are laid over the injected one.
  package var templates: [String: JSONValue] = [:]
  /// The templates of a pod that names none.
  package var defaultTemplates = ["sidecar"]

  /// Creates the configuration of Istio's chart.
  package init() {}
}

/// Which pods get a proxy (contract §13.1 and §13.2).
package struct InjectionSelection: Hashable, Sendable {
  /// The revision of this control plane.
  package var revision = "default"
  /// Whether a pod gets a proxy that says nothing itself.
  package var injectsByDefault = true
  /// Namespaces whose pods never get a proxy.
  package var excludedNamespaces: Set<String> = [
    "kube-system", "kube-public", "kube-node-lease", "local-path-storage",
  ]
  /// Pods that get no proxy unless they ask for it.
  package var neverInject: [LabelSelector] = []
  /// Pods that get a proxy unless they refuse it.
  package var alwaysInject: [LabelSelector] = []

  /// Creates the selection of Istio's chart.
  package init() {}
}

/// The proxy's container.
package struct ProxyContainerSettings: Hashable, Sendable {
  /// The program that starts Envoy and gets its certificate.
  package enum Agent: String, Hashable, Sendable, CaseIterable {
    /// `pilot-agent` of Istio's image.
    case istioProxy = "istio-proxy"
    /// `skein proxy`.
    case skein
  }

  /// Resources of a container, in Kubernetes' quantities; those that are nil are not named.
  package struct Resources: Hashable, Sendable {
    /// CPU that is set aside.
    package var cpuRequest: String? = "100m"
    /// Memory that is set aside.
    package var memoryRequest: String? = "128Mi"
    /// CPU at most.
    package var cpuLimit: String? = "2"
    /// Memory at most.
    package var memoryLimit: String? = "1Gi"

    /// Creates the resources of Istio's chart.
    package init() {}
  }

  /// The agent.
  package var agent = Agent.istioProxy
  /// The image of the proxy.
  package var image = "docker.io/istio/proxyv2:1.27.0"
  /// The image that sets up redirection; the proxy's when absent.
  package var initImage: String?
  /// When images are fetched; as Kubernetes decides when absent.
  package var imagePullPolicy: String?
  /// Resources of the containers.
  package var resources = Resources()
  /// Envoy's log level.
  package var logLevel = "warning"
  /// Log levels of Envoy's components.
  package var componentLogLevel = "misc:error"
  /// The agent's log level.
  package var agentLogLevel = "default:info"
  /// The user and group the proxy runs as, whose own connections are not redirected.
  package var userID: Int64 = 1337
  /// The agent's port for merged metrics and the application's probes.
  package var statusPort: Int64 = 15_020
  /// Seconds between two readiness probes.
  package var readinessPeriod: Int64 = 15
  /// Failures after which the proxy is not ready.
  package var readinessFailureThreshold: Int64 = 4
  /// Seconds before the first readiness probe.
  package var readinessInitialDelay: Int64 = 0
  /// Failures, a second apart, after which the proxy has not started; 0 for no startup probe.
  package var startupFailureThreshold: Int64 = 600

  /// Creates the settings of Istio's chart.
  package init() {}
}

/// How connections come to the proxy.
package struct RedirectionSettings: Hashable, Sendable {
  /// REDIRECT, TPROXY or NONE.
  package var mode = "REDIRECT"
  /// Destinations that are redirected: CIDR blocks or `*`.
  package var includedOutboundRanges = "*"
  /// Destinations that are not.
  package var excludedOutboundRanges = ""
  /// Ports of others that are redirected though their address is not.
  package var includedOutboundPorts = ""
  /// Ports of others that are not redirected.
  package var excludedOutboundPorts = ""
  /// Ports of the pod that are redirected: numbers or `*`.
  package var includedInboundPorts = "*"
  /// Ports of the pod that are not.
  package var excludedInboundPorts = ""
  /// Whether a CNI plugin sets up redirection, so that no container needs privileges.
  package var usesCNI = false

  /// Creates the settings of Istio's chart.
  package init() {}
}

/// Where a proxy belongs.
package struct MeshIdentity: Hashable, Sendable {
  /// Where Istio's agent looks for the control plane when nobody tells it.
  static let standardAddress = "istiod.istio-system.svc:15012"

  /// The address of the control plane.
  package var controlPlaneAddress = standardAddress
  /// The address of the certificate authority; the control plane's when absent.
  package var authorityAddress: String?
  /// The name of the cluster.
  package var clusterID = "Kubernetes"
  /// The DNS domain of the cluster.
  package var clusterDomain = "cluster.local"
  /// The name of the mesh; its trust domain when absent.
  package var meshID: String?
  /// The trust domain.
  package var trustDomain = "cluster.local"
  /// The network of the cluster; empty when there is one only.
  package var network = ""

  /// Creates an identity in a mesh of one cluster.
  package init() {}
}
