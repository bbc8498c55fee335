internal import AdmissionWebhooks
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle
internal import SidecarInjection
internal import StreamingJSON

/// Keeps the cluster's registrations of the webhooks trusting this control plane, by putting the roots into
/// their `caBundle`; once the webhook answers, invalid objects are refused even while it does not.
///
/// Every replica does this: all of them write the same, and only where it differs (contract §14).
struct WebhookTrust: ServiceLifecycle.Service {
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
      var operations = WebhookRegistration.patch(
        object, rootsPEM: rootsPEM(), failsClosed: failsClosed
      ).operations
      guard !operations.isEmpty else { return }
      if let version = object[path: ["metadata", "resourceVersion"]] {
        // Webhooks are known by their place: a registration that changed meanwhile is read again.
        operations.insert(
          ["op": "test", "path": "/metadata/resourceVersion", "value": version], at: 0)
      }
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

  /// Whether the cluster refuses a Gateway that is wrong, which is never stored.
  private func refusesInvalid() async -> Bool {
    do throws(KubernetesClientError) {
      _ = try await client.create(
        WebhookRegistration.refusedProbe(namespace: namespace), as: .gateways,
        namespace: namespace, isDryRun: true)
      return false
    } catch {
      return error.description.contains("denied the request")
        || error.description.contains("configuration is invalid")
    }
  }
}
