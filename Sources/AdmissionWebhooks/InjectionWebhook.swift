internal import HTTPTypes
internal import SidecarInjection
internal import StreamingJSON

/// `/inject`: pods and the proxy they get.
enum InjectionWebhook {
  /// What came of a pod.
  enum Result: String {
    case injected
    case skipped
    case failed
  }

  /// Answers a review; `path` is what follows `/inject` in the request's path.
  static func answer(
    _ review: AdmissionReview, path: Substring, injector: PodInjector
  ) throws(WebhookFailure) -> (answer: AdmissionAnswer, result: Result, detail: String) {
    guard review.kind.group.isEmpty, review.kind.kind == "Pod" else {
      return (.allowed, .skipped, "\(review.kind.kind.prefix(64)) is not a Pod")
    }
    guard review.operation == "CREATE" else {
      return (.allowed, .skipped, "the operation is \(review.operation.prefix(16))")
    }
    guard var reader = review.object else {
      throw WebhookFailure(.badRequest, "the request has no object")
    }
    let pod: JSONValue
    do throws(JSONDecodingError) {
      pod = try reader.readValue()
    } catch {
      throw WebhookFailure(.badRequest, "the pod cannot be read: \(error)")
    }
    do throws(InjectionError) {
      let parameters = try InjectionPath(path)
      var injector = injector
      parameters.apply(to: &injector.configuration)
      let outcome = try injector.inject(
        InjectionRequest(
          pod: pod, namespace: review.namespace, environment: parameters.environment))
      let patch = JSONPatch(from: pod, to: outcome.pod)
      return (
        AdmissionAnswer(patch: patch.operations, warnings: outcome.warnings),
        outcome.decision.isInjected ? .injected : .skipped, outcome.decision.description
      )
    } catch {
      return (.refused("failed to inject the proxy: \(error)"), .failed, error.description)
    }
  }
}

/// The parameters in the path of `/inject`: `/inject/cluster/west/net/n1`.
struct InjectionPath {
  private(set) var clusterID: String?
  private(set) var network: String?
  private(set) var environment: [(name: String, value: String)] = []

  init(_ path: Substring) throws(InjectionError) {
    let parts = path.split(separator: "/").map {
      String($0).replacing("--slash--", with: "/")
    }
    guard parts.count.isMultiple(of: 2), parts.count <= 32 else {
      throw InjectionError(
        path: "clientConfig.service.path", message: "the path is not made of names and values",
        remedy: "write /inject/cluster/NAME/net/NAME")
    }
    for index in stride(from: 0, to: parts.count, by: 2) {
      let value = parts[index + 1]
      switch parts[index] {
      case "cluster": clusterID = value
      case "net": network = value
      case let name:
        guard
          name.utf8.allSatisfy({
            ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x5F || (0x30...0x39).contains($0)
          })
        else {
          throw InjectionError(
            path: "clientConfig.service.path", message: "\"\(name.prefix(64))\" is not a variable")
        }
        environment.append((name: name.uppercased(), value: value))
      }
    }
  }

  func apply(to configuration: inout InjectionConfiguration) {
    if let clusterID { configuration.mesh.clusterID = clusterID }
    if let network { configuration.mesh.network = network }
  }
}
