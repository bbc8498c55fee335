package import StreamingJSON

/// The ProxyConfig objects of a cluster, which change the configuration of proxies when they are injected
/// (<https://istio.io/latest/docs/reference/config/networking/proxy-config/>).
package struct WorkloadProxyConfigs: Hashable, Sendable {
  /// One object.
  package struct Entry: Hashable, Sendable {
    fileprivate var namespace: String
    fileprivate var selector: [String: String]
    /// What it says, as the part of a `defaultConfig`.
    fileprivate var settings: JSONValue

    /// An object of a namespace with its `spec`.
    package init(namespace: String, spec: JSONValue) {
      self.namespace = namespace
      selector = spec[path: ["selector", "matchLabels"]].map(PodAnnotations.strings) ?? [:]
      var settings: JSONValue = [:]
      settings["concurrency"] = spec["concurrency"]
      settings["image"] = spec["image"]
      settings["proxyMetadata"] = spec["environmentVariables"]
      self.settings = settings
    }
  }

  private var rootNamespace = ""
  private var entries: [Entry] = []

  /// No objects.
  package init() {}

  /// These objects, the oldest first; those of `rootNamespace` without a selector hold everywhere.
  package init(_ entries: [Entry], rootNamespace: String) {
    self.entries = entries
    self.rootNamespace = rootNamespace
  }

  /// What they say of a pod: the mesh's object, under its namespace's, under one that selects it.
  ///
  /// Of several objects of one reach the oldest counts.
  func settings(namespace: String, labels: [String: String]) -> JSONValue {
    let reaches: [(Entry) -> Bool] = [
      { $0.namespace == rootNamespace && $0.selector.isEmpty },
      { $0.namespace == namespace && $0.selector.isEmpty },
      { entry in
        entry.namespace == namespace && !entry.selector.isEmpty
          && entry.selector.allSatisfy { labels[$0.key] == $0.value }
      },
    ]
    return reaches.reduce([:]) { settings, reach in
      settings.merging(entries.first(where: reach)?.settings ?? [:])
    }
  }
}
