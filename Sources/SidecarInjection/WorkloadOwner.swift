package import StreamingJSON

/// The workload that a pod belongs to.
package struct WorkloadOwner: Hashable, Sendable {
  /// Its API version.
  package var apiVersion: String
  /// Its kind.
  package var kind: String
  /// Its name.
  package var name: String

  /// Creates an owner.
  package init(apiVersion: String, kind: String, name: String) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
  }

  /// The owner that a pod's references lead to; the pod itself when there is none.
  ///
  /// The Deployment behind a ReplicaSet and the CronJob behind a Job are known by the names that
  /// Kubernetes gives to what they make.
  package init(of pod: JSONValue) {
    let metadata = pod["metadata"] ?? [:]
    let labels = metadata["labels"].map(PodAnnotations.strings) ?? [:]
    let references = metadata["ownerReferences"]?.arrayValue ?? []
    guard let owner = references.first(where: { $0["controller"] == true }),
      let kind = owner["kind"]?.stringValue, let name = owner["name"]?.stringValue, !name.isEmpty
    else {
      let prefix = metadata["generateName"]?.stringValue ?? ""
      let trimmed = prefix.hasSuffix("-") ? String(prefix.dropLast()) : prefix
      let name = metadata["name"]?.stringValue ?? ""
      self.init(apiVersion: "v1", kind: "Pod", name: name.isEmpty ? trimmed : name)
      return
    }
    self.init(
      apiVersion: owner["apiVersion"]?.stringValue ?? "", kind: kind, name: name)
    switch kind {
    case "ReplicaSet":
      for (label, version, parent) in [
        ("pod-template-hash", "apps/v1", "Deployment"),
        ("rollouts-pod-template-hash", "argoproj.io/v1alpha1", "Rollout"),
      ] {
        if let hash = labels[label], !hash.isEmpty, name.hasSuffix("-\(hash)"),
          name.utf8.count > hash.utf8.count + 1
        {
          self.init(
            apiVersion: version, kind: parent, name: String(name.dropLast(hash.count + 1)))
        }
      }
    case "Job":
      let parts = name.split(separator: "-")
      if parts.count > 1, let last = parts.last, (8...10).contains(last.utf8.count),
        last.utf8.allSatisfy({ (0x30...0x39).contains($0) })
      {
        self.init(
          apiVersion: "batch/v1", kind: "CronJob", name: String(name.dropLast(last.count + 1)))
      }
    default: break
    }
  }

  /// The owner as Istio's metadata names it.
  func reference(namespace: String) -> String {
    "kubernetes://apis/\(apiVersion)/namespaces/\(namespace)/\(kind.lowercased())s/\(name)"
  }
}
