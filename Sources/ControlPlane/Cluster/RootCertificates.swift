internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import MeshIngest
internal import StreamingJSON

/// Keeps the ConfigMap `istio-ca-root-cert` in every namespace: agents trust the control plane by it
/// (contract §12.3).
struct RootCertificates: Sendable {
  static let name = "istio-ca-root-cert"
  private static let entry = "root-cert.pem"
  private static let label = "istio.io/config"
  private static let excluded: Set<String> = [
    "kube-public", "kube-node-lease", "local-path-storage",
  ]
  /// How often roots are compared and what failed is tried again.
  private static let interval = Duration.seconds(5)

  let client: KubernetesClient
  let rootsPEM: @Sendable () -> String
  /// Whether a namespace is of this mesh.
  let includes: @Sendable (String) -> Bool
  let logger: Logger

  /// Works until it is cancelled.
  func keep() async {
    let state = ReconciledSet()
    await withDiscardingTaskGroup { group in
      group.addTask { await followNamespaces(state) }
      group.addTask { await followConfigMaps(state) }
      group.addTask {
        var roots = rootsPEM()
        while !Task.isCancelled {
          try? await Task.sleep(for: Self.interval)
          let now = rootsPEM()
          if now != roots { state.markAll() }
          roots = now
          state.retry()
        }
      }
      for await namespaces in state.batches {
        for namespace in namespaces where !Task.isCancelled { await write(namespace, state) }
      }
      group.cancelAll()
    }
  }

  private func followNamespaces(_ state: ReconciledSet) async {
    var listed: Set<String> = []
    for await event in client.watch(Namespace.self).untracked() {
      switch event {
      case .initStart: listed = []
      case .initApply(let object):
        listed.insert(object.key.name)
        add(object, state)
      case .initDelete(let key), .delete(let key):
        listed.remove(key.name)
        state.remove(key.name)
      case .initDone: state.keep(only: listed)
      case .apply(let object): add(object, state)
      }
    }
  }

  private func add(_ object: DecodedObject<Namespace>, _ state: ReconciledSet) {
    // A namespace that ends takes no new objects.
    guard !Self.excluded.contains(object.key.name), object.metadata.deletionTimestamp == nil else {
      state.remove(object.key.name)
      return
    }
    state.add(object.key.name)
  }

  private func followConfigMaps(_ state: ReconciledSet) async {
    let watch = client.watch(ConfigMap.self).untracked().selecting(
      fields: "metadata.name=\(Self.name)")
    for await event in watch {
      switch event {
      case .apply(let object), .initApply(let object):
        if !isCurrent(object) {
          state.mark(object.key.namespace)
        } else {
          state.met(object.key.namespace)
        }
      case .delete(let key), .initDelete(let key): state.mark(key.namespace)
      case .initStart: state.forgetMet()
      case .initDone: state.markUnmet()
      }
    }
  }

  private func isCurrent(_ object: DecodedObject<ConfigMap>) -> Bool {
    object.value?.data[Self.entry] == rootsPEM() && object.metadata.labels[Self.label] == "true"
  }

  private func write(_ namespace: String, _ state: ReconciledSet) async {
    guard includes(namespace) else {
      // It may become one of the mesh, or is one whose labels are not known yet.
      state.failed(namespace)
      return
    }
    let key = ObjectKey(namespace: namespace, name: Self.name)
    let object: JSONValue = [
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": [
        "name": .string(Self.name), "namespace": .string(namespace),
        "labels": [Self.label: "true"],
      ],
      "data": [Self.entry: .string(rootsPEM())],
    ]
    do throws(KubernetesClientError) {
      _ = try await client.apply(object, as: .configMaps, key: key)
    } catch {
      // A namespace may end while its object is on its way.
      if error.isNotFound { return }
      state.failed(namespace)
      logger.warning(
        "the root certificate cannot be given to a namespace",
        metadata: ["kubernetes.namespace": "\(namespace)", "error": "\(error)"])
    }
  }
}
