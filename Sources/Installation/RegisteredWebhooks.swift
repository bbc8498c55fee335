internal import KubernetesAPI
internal import StreamingJSON

/// What a control plane that runs has written into the registrations of its webhooks.
enum RegisteredWebhooks {
  static let resources: Set<KubernetesResource> = [
    .mutatingWebhookConfigurations, .validatingWebhookConfigurations,
  ]

  /// A registration with the roots, and the policy for failures, that the stored one has.
  ///
  /// Without them an installation over a running control plane would open a gap until it mends them.
  static func keeping(_ stored: JSONValue, in applied: JSONValue) -> JSONValue {
    let old = stored["webhooks"]?.arrayValue ?? []
    var result = applied
    result["webhooks"] = .array(
      (applied["webhooks"]?.arrayValue ?? []).map { webhook in
        guard let twin = old.first(where: { $0["name"] == webhook["name"] }) else { return webhook }
        var webhook = webhook
        if let roots = twin[path: ["clientConfig", "caBundle"]] {
          webhook[path: ["clientConfig", "caBundle"]] = roots
        }
        webhook["failurePolicy"] = twin["failurePolicy"] ?? webhook["failurePolicy"]
        return webhook
      })
    return result
  }
}
