package import StreamingJSON

/// Adds the proxy to pods.
package struct PodInjector: Hashable, Sendable {
  /// What an installation decides for all pods.
  package var configuration: InjectionConfiguration

  /// Creates an injector.
  package init(configuration: InjectionConfiguration) {
    self.configuration = configuration
  }

  /// A pod with its proxy, or why it has none.
  package struct Outcome: Hashable, Sendable {
    /// The decision and its reason.
    package var decision: InjectionDecision
    /// The pod with its proxy; the one that was given when it gets none.
    package var pod: JSONValue
    /// What the user should know.
    package var warnings: [String]
  }

  /// Decides about a pod and adds the proxy.
  ///
  /// - Throws: `InjectionError` when an annotation cannot be followed.
  package func inject(_ request: InjectionRequest) throws(InjectionError) -> Outcome {
    let decision = InjectionDecision.decide(
      request.pod, namespace: request.namespace,
      selection: configuration.selection)
    guard decision.isInjected else {
      return Outcome(decision: decision, pod: request.pod, warnings: [])
    }
    var pod = request.pod
    InjectionUndo.apply(to: &pod)
    let context = try InjectionContext(request, pod: pod, configuration: configuration)
    var status = InjectionStatus()
    status.revision = configuration.selection.revision
    for name in templateNames(context) {
      guard let overlay = try SidecarTemplate.overlay(name, context) else {
        throw context.annotations.fault(
          InjectionAnnotation.templates, "there is no template \"\(name.prefix(64))\"",
          remedy:
            "use one of \((SidecarTemplate.names + configuration.templates.keys.sorted()).joined(separator: ", "))"
        )
      }
      record(overlay, &status, pod: pod)
      overlay.apply(to: &pod)
    }
    keepOverrides(of: context.pod, status, in: &pod)
    let warnings = try finish(&pod, context, status)
    return Outcome(decision: decision, pod: pod, warnings: warnings)
  }

  private func templateNames(_ context: InjectionContext) -> [String] {
    guard let text = context.annotations[InjectionAnnotation.templates] else {
      return configuration.defaultTemplates
    }
    return text.split(separator: ",").map { $0.filter { $0 != " " } }
  }

  /// Notes what the overlay adds; volumes and secrets that the pod has stay its own.
  private func record(_ overlay: PodOverlay, _ status: inout InjectionStatus, pod: JSONValue) {
    func names(_ additions: [JSONValue], except key: String) -> [String] {
      let own = Set(PodParts.list(key, of: pod).map(PodParts.name))
      return additions.map(PodParts.name).filter { !own.contains($0) }
    }
    status.initContainers += overlay.initContainers.map(PodParts.name)
    status.containers += overlay.containers.map(PodParts.name)
    status.volumes += names(overlay.volumes, except: "volumes")
    status.imagePullSecrets += names(overlay.imagePullSecrets, except: "imagePullSecrets")
  }

  /// Keeps what the user had said of containers that templates have changed.
  private func keepOverrides(
    of original: JSONValue, _ status: InjectionStatus, in pod: inout JSONValue
  ) {
    let injected = Set(status.initContainers + status.containers)
    var overrides: JSONValue = [:]
    for key in ["initContainers", "containers"] {
      let own = PodParts.list(key, of: original).filter { injected.contains(PodParts.name($0)) }
      if !own.isEmpty { overrides[key] = .array(own) }
    }
    guard overrides.objectValue?.isEmpty == false else { return }
    pod[path: ["metadata", "annotations", InjectionAnnotation.overrides]] =
      .string(String(decoding: overrides.serialized(), as: UTF8.self))
  }

  private func finish(
    _ pod: inout JSONValue, _ context: InjectionContext, _ status: InjectionStatus
  ) throws(InjectionError) -> [String] {
    var warnings: [String] = []
    // Templates may decide about these, so the annotations are read again.
    let annotations = PodAnnotations(pod)
    let hasProxy = (status.initContainers + status.containers).contains(PodParts.proxyName)
    let isIstioAgent = configuration.proxy.agent == .istioProxy
    if hasProxy {
      // An earlier injection may have left another one.
      pod[path: ["metadata", "annotations", InjectionAnnotation.revision]] =
        .string(configuration.selection.revision)
    }
    if hasProxy, context.statusPort != 0, isIstioAgent {
      if try annotations.bool(InjectionAnnotation.mergeMetrics) ?? configuration.mergesMetrics {
        MetricsMerge.apply(to: &pod, statusPort: context.statusPort)
      }
      if try annotations.bool(InjectionAnnotation.rewriteProbes) ?? configuration.rewritesProbes {
        ProbeRewrite.apply(to: &pod, statusPort: context.statusPort)
      }
    }
    if hasProxy, !isIstioAgent, !context.isNativeSidecar, context.holdsApplication {
      warnings.append(
        "holdApplicationUntilProxyStarts needs istio-proxy or native sidecars and is ignored")
    }
    ContainerOrder.apply(to: &pod, proxyFirst: context.holdsApplication)
    pod[path: ["metadata", "annotations", InjectionAnnotation.status]] = .string(status.text)
    return warnings
  }
}
