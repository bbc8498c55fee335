package import StreamingJSON

/// Injection into objects that make pods: a Deployment's template, a CronJob's, a Pod itself.
package enum ManifestInjection {
  /// Where the pod is in objects of a kind; nil for kinds that make none.
  package static func podPath(kind: String) -> [String]? {
    switch kind {
    case "Pod": []
    case "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job",
      "Rollout", "DeploymentConfig":
      ["spec", "template"]
    case "CronJob": ["spec", "jobTemplate", "spec", "template"]
    default: nil
    }
  }

  /// Adds the proxy to the pods that an object makes; nil when it makes none.
  ///
  /// - Throws: `InjectionError` with a path from the root of the object.
  package static func inject(
    _ object: JSONValue, namespace: String, injector: PodInjector
  ) throws(InjectionError) -> PodInjector.Outcome? {
    guard let kind = object["kind"]?.stringValue, let path = podPath(kind: kind),
      let pod = path.isEmpty ? object : object[path: path], pod["spec"]?.objectValue != nil
    else { return nil }
    let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
    let owner = WorkloadOwner(
      apiVersion: object["apiVersion"]?.stringValue ?? "", kind: kind, name: name)
    var outcome: PodInjector.Outcome
    do throws(InjectionError) {
      outcome = try injector.inject(
        InjectionRequest(
          pod: pod, namespace: namespace, owner: path.isEmpty ? nil : owner))
    } catch {
      var located = error
      located.path = (path + [error.path]).joined(separator: ".")
      throw located
    }
    if !path.isEmpty {
      var whole = object
      whole[path: path] = outcome.pod
      outcome.pod = whole
    }
    return outcome
  }
}
