internal import StreamingJSON

/// The templates that are built in.
enum SidecarTemplate {
  /// The overlay of a template; nil when there is none of that name.
  static func overlay(
    _ name: String, _ context: InjectionContext
  ) throws(InjectionError) -> PodOverlay? {
    if let template = context.configuration.templates[name] {
      return PodOverlay(template: template)
    }
    return name == "sidecar" ? try sidecar(context) : nil
  }

  private static func sidecar(_ context: InjectionContext) throws(InjectionError) -> PodOverlay {
    var overlay = PodOverlay()
    overlay.labels = labels(context)
    overlay.annotations = annotations(context)
    if let redirection = try TrafficRedirection.container(context) {
      overlay.initContainers.append(redirection)
    }
    let proxy = try ProxyContainer.make(context)
    if context.isNativeSidecar {
      overlay.initContainers.append(proxy)
    } else {
      overlay.containers.append(proxy)
    }
    overlay.volumes = try InjectedVolumes.make(context)
    overlay.imagePullSecrets = context.configuration.imagePullSecrets
      .map { ["name": .string($0)] }
    return overlay
  }

  private static func labels(_ context: InjectionContext) -> [(key: String, value: String)] {
    var labels = [(key: "security.istio.io/tlsMode", value: "istio")]
    labels += CanonicalService.labels(context)
    let network = context.configuration.mesh.network
    if !network.isEmpty { labels.append((key: "topology.istio.io/network", value: network)) }
    return labels
  }

  private static func annotations(_ context: InjectionContext) -> [(key: String, value: String)] {
    var annotations = [
      (key: InjectionAnnotation.revision, value: context.configuration.selection.revision)
    ]
    if let name = PodParts.list("containers", of: context.pod).map(PodParts.name)
      .first(where: { $0 != PodParts.proxyName && !$0.isEmpty })
    {
      annotations += [
        (key: "kubectl.kubernetes.io/default-logs-container", value: name),
        (key: "kubectl.kubernetes.io/default-container", value: name),
      ]
    }
    annotations += context.configuration.annotations.sorted { $0.key < $1.key }
      .map { (key: $0.key, value: $0.value) }
    return annotations
  }
}

/// The names under which telemetry and other workloads know a workload.
enum CanonicalService {
  static func labels(_ context: InjectionContext) -> [(key: String, value: String)] {
    let labels = context.labels
    let name =
      labels["service.istio.io/canonical-name"] ?? labels["app.kubernetes.io/name"]
      ?? labels["app"] ?? context.owner.name
    let revision =
      labels["service.istio.io/canonical-revision"] ?? labels["app.kubernetes.io/version"]
      ?? labels["version"] ?? "latest"
    return [
      (key: "service.istio.io/canonical-name", value: shortened(name)),
      (key: "service.istio.io/canonical-revision", value: revision),
    ].filter { !$0.value.isEmpty }
  }

  /// A label value: at most 63 characters that end with a letter or digit.
  private static func shortened(_ name: String) -> String {
    var text = String(decoding: name.utf8.prefix(63), as: UTF8.self)
    while let last = text.last, !last.isLetter, !last.isNumber { text.removeLast() }
    return text
  }
}
