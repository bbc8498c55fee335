internal import AdmissionWebhooks
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle
internal import SidecarInjection
internal import StreamingJSON

/// Keeps the cluster's registrations of the webhooks trusting this control plane, by putting the roots into
/// their `caBundle`, those of the revision's tags too; once the webhook answers, invalid objects are refused
/// even while it does not.
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

  /// What the webhooks of this control plane call.
  private var service: ObjectKey {
    ObjectKey(namespace: namespace, name: "istiod\(revisionSuffix)")
  }

  private var revisionName: String { revision.isEmpty ? "default" : revision }

  /// The registrations for injection that carry the label of the revision, and that which has its name.
  private func injectors() async -> Set<String> {
    let name = "istio-sidecar-injector\(revisionSuffix)"
    let own = namespace == "istio-system" ? name : "\(name)-\(namespace)"
    do throws(KubernetesClientError) {
      let labelled = try await client.list(.mutatingWebhookConfigurations).filter { object in
        object[path: ["metadata", "labels", "istio.io/rev"]]?.stringValue == revisionName
      }
      return Set(labelled.compactMap { $0[path: ["metadata", "name"]]?.stringValue } + [own])
    } catch {
      logger.warning(
        "the registrations of the webhooks cannot be listed", metadata: ["error": "\(error)"])
      return [own]
    }
  }

  /// The registrations for validation, with the label of the objects that each is about.
  private var validators: [(name: String, label: String?)] {
    let own = (
      name: "istio-validator\(revisionSuffix)-\(namespace)", label: revisionName as String?
    )
    return revisionSuffix.isEmpty ? [own, ("istiod-default-validator", nil)] : [own]
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
    for name in await injectors() {
      await mend(.mutatingWebhookConfigurations, name, failsClosed: false)
    }
    for (name, label) in validators {
      guard await mend(.validatingWebhookConfigurations, name, failsClosed: false) else { continue }
      if await refusesInvalid(label) {
        await mend(.validatingWebhookConfigurations, name, failsClosed: true)
      }
    }
  }

  /// Mends a registration; false where there is none.
  @discardableResult
  private func mend(
    _ resource: KubernetesResource, _ name: String, failsClosed: Bool
  ) async -> Bool {
    do throws(KubernetesClientError) {
      let object = try await client.get(resource, ObjectKey(name: name))
      var operations = WebhookRegistration.patch(
        object, of: service, rootsPEM: rootsPEM(), failsClosed: failsClosed
      ).operations
      guard !operations.isEmpty else { return true }
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
      guard !error.isNotFound, !error.isConflict else { return !error.isNotFound }
      logger.warning(
        "the registration of a webhook cannot be mended",
        metadata: ["config.object": "\(resource.kind)/\(name)", "error": "\(error)"])
    }
    return true
  }

  /// Whether the cluster refuses a Gateway of a revision that is wrong, which is never stored.
  private func refusesInvalid(_ label: String?) async -> Bool {
    do throws(KubernetesClientError) {
      _ = try await client.create(
        WebhookRegistration.refusedProbe(namespace: namespace, revision: label), as: .gateways,
        namespace: namespace, isDryRun: true)
      return false
    } catch {
      return error.description.contains("denied the request")
        || error.description.contains("configuration is invalid")
    }
  }
}
