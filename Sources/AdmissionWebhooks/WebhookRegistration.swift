package import KubernetesAPI
package import SidecarInjection
package import StreamingJSON

/// What has to change in the cluster's registration of the webhooks: values only, no requests.
package enum WebhookRegistration {
  /// The patch that makes a Mutating- or ValidatingWebhookConfiguration trust the roots, where it calls the
  /// Service `service`; webhooks of other control planes stay as they are.
  ///
  /// With `failsClosed` objects are refused while the webhook cannot be reached. Set it once
  /// ``refusedProbe(namespace:revision:)`` was refused in a dry run: then the webhook works, and only then does
  /// it become a condition of every write, so that a control plane that never started blocks nothing.
  package static func patch(
    _ configuration: JSONValue, of service: ObjectKey, rootsPEM: String, failsClosed: Bool
  ) -> JSONPatch {
    var wanted = configuration
    let bundle = JSONValue.string(Base64.encode(Array(rootsPEM.utf8)))
    let webhooks = (configuration["webhooks"]?.arrayValue ?? []).map { webhook in
      let called = webhook[path: ["clientConfig", "service"]]
      guard called?["name"]?.stringValue == service.name,
        called?["namespace"]?.stringValue == service.namespace
      else { return webhook }
      var webhook = webhook
      webhook[path: ["clientConfig", "caBundle"]] = bundle
      if failsClosed { webhook["failurePolicy"] = "Fail" }
      return webhook
    }
    if !webhooks.isEmpty { wanted["webhooks"] = .array(webhooks) }
    return JSONPatch(from: configuration, to: wanted)
  }

  /// A Gateway without servers, which a webhook that works refuses; to be created in a dry run.
  ///
  /// It is for `revision`, so that no other revision's webhook answers; for all of them when nil.
  package static func refusedProbe(namespace: String, revision: String?) -> JSONValue {
    var probe: JSONValue = [
      "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
      "metadata": ["generateName": "validation-probe-", "namespace": .string(namespace)],
      "spec": [:],
    ]
    if let revision {
      probe[path: ["metadata", "labels", "istio.io/rev"]] = .string(revision)
    }
    return probe
  }
}
