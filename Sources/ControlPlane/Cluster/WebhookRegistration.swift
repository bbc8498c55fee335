internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import StreamingJSON

/// Keeps the cluster's registrations of the webhooks trusting this control plane, by putting the roots into
/// their `caBundle`; once the webhook answers, invalid objects are refused even while it does not.
///
/// Every replica does this: all of them write the same, and only where it differs (contract §14).
struct WebhookRegistration: ServiceLifecycle.Service {
  private static let interval = Duration.seconds(10)

  let client: KubernetesClient
  let namespace: String
  let revision: String
  let rootsPEM: @Sendable () -> String
  let logger: Logger

  private var revisionSuffix: String {
    revision.isEmpty || revision == "default" ? "" : "-\(revision)"
  }

  private var injectors: [String] {
    let name = "istio-sidecar-injector\(revisionSuffix)"
    return namespace == "istio-system" ? [name] : ["\(name)-\(namespace)"]
  }

  private var validators: [String] {
    let own = "istio-validator\(revisionSuffix)-\(namespace)"
    return revisionSuffix.isEmpty ? [own, "istiod-default-validator"] : [own]
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await reconcile()
        try? await Task.sleep(for: Self.interval)
      }
    }
  }

  /// Compares once and mends what differs.
  func reconcile() async {
    for name in injectors { await mend(.mutatingWebhookConfigurations, name, failsClosed: false) }
    var isAnswering: Bool?
    for name in validators {
      await mend(.validatingWebhookConfigurations, name, failsClosed: false)
      if isAnswering == nil { isAnswering = await refusesInvalid() }
      if isAnswering == true {
        await mend(.validatingWebhookConfigurations, name, failsClosed: true)
      }
    }
  }

  private func mend(
    _ resource: KubernetesResource, _ name: String, failsClosed: Bool
  ) async {
    do throws(KubernetesClientError) {
      let object = try await client.get(resource, ObjectKey(name: name))
      let operations = Self.operations(
        for: object, caBundle: Base64.encode(Array(rootsPEM().utf8)), failsClosed: failsClosed)
      guard !operations.isEmpty else { return }
      _ = try await client.patch(
        resource, ObjectKey(name: name), operations: .array(operations))
      logger.info(
        "the registration of a webhook was mended",
        metadata: ["config.object": "\(resource.kind)/\(name)"])
    } catch {
      // Not every installation has every webhook, and another replica may have been faster.
      guard !error.isNotFound, !error.isConflict else { return }
      logger.warning(
        "the registration of a webhook cannot be mended",
        metadata: ["config.object": "\(resource.kind)/\(name)", "error": "\(error)"])
    }
  }

  /// The JSON patch that makes the webhooks of a registration trust the roots, and fail closed on demand.
  static func operations(
    for object: JSONValue, caBundle: String, failsClosed: Bool
  ) -> [JSONValue] {
    var operations: [JSONValue] = []
    for (index, webhook) in (object["webhooks"]?.arrayValue ?? []).enumerated() {
      if webhook[path: ["clientConfig", "caBundle"]]?.stringValue != caBundle {
        operations.append([
          "op": "add", "path": .string("/webhooks/\(index)/clientConfig/caBundle"),
          "value": .string(caBundle),
        ])
      }
      if failsClosed, webhook["failurePolicy"]?.stringValue == "Ignore" {
        operations.append([
          "op": "replace", "path": .string("/webhooks/\(index)/failurePolicy"), "value": "Fail",
        ])
      }
    }
    guard !operations.isEmpty,
      let version = object[path: ["metadata", "resourceVersion"]]
    else { return operations }
    // Webhooks are known by their place: a registration that changed meanwhile is read again.
    return [["op": "test", "path": "/metadata/resourceVersion", "value": version]] + operations
  }

  /// Whether the cluster refuses a Gateway that is wrong, which is never stored.
  private func refusesInvalid() async -> Bool {
    let name = "skein-validation-probe"
    let probe: JSONValue = [
      "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
      "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": [:],
    ]
    do throws(KubernetesClientError) {
      _ = try await client.apply(
        probe, as: .gateways, key: ObjectKey(namespace: namespace, name: name), isDryRun: true)
      return false
    } catch {
      return error.description.contains("denied the request")
        || error.description.contains("configuration is invalid")
    }
  }
}
