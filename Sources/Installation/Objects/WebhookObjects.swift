internal import KubernetesAPI
internal import StreamingJSON

/// The webhooks the API server calls: injection of sidecars and validation.
///
/// The control plane writes its root certificate into `caBundle`, and lets the validating webhook fail
/// closed once it answers.
struct WebhookObjects {
  let values: InstallationValues

  private static let group = "admissionregistration.k8s.io/v1"

  private var place: String { values.text("namespace") }
  private var suffix: String { ControlPlaneObjects.suffix(values) }
  private var revision: JSONValue { values["revision"] }

  private func client(_ path: String) -> JSONValue {
    [
      "service": [
        "name": .string("istiod" + suffix), "namespace": .string(place), "path": .string(path),
        "port": 443,
      ]
    ]
  }

  private static func labels(_ app: String, _ revision: JSONValue) -> JSONValue {
    ["app": .string(app), "istio.io/rev": revision]
  }

  // MARK: Injection

  /// The pods of a revision that is asked for by name.
  var injection: JSONValue {
    .kubernetesObject(
      Self.group, "MutatingWebhookConfiguration",
      "istio-sidecar-injector\(suffix)\(placeSuffix)",
      labels: Self.labels("sidecar-injector", revision),
      [
        "webhooks": [
          webhook(
            "rev.namespace", namespaces: [has("istio.io/rev", revision), lacks("istio-injection")],
            pods: [isNot("sidecar.istio.io/inject", "false")]),
          webhook(
            "rev.object", namespaces: [lacks("istio.io/rev"), lacks("istio-injection")],
            pods: [isNot("sidecar.istio.io/inject", "false"), has("istio.io/rev", revision)]),
        ]
      ])
  }

  /// The pods that ask for no revision; one control plane of a cluster serves them.
  var defaultInjection: JSONValue {
    .kubernetesObject(
      Self.group, "MutatingWebhookConfiguration", "istio-revision-tag-default",
      labels: Self.labels("sidecar-injector", revision).merging(["istio.io/tag": "default"]),
      [
        "webhooks": [
          webhook(
            "namespace", namespaces: [has("istio-injection", "enabled")],
            pods: [isNot("sidecar.istio.io/inject", "false")]),
          webhook(
            "object", namespaces: [lacks("istio-injection"), lacks("istio.io/rev")],
            pods: [has("sidecar.istio.io/inject", "true"), lacks("istio.io/rev")]),
        ]
      ])
  }

  /// Istio names the webhooks of other namespaces than its usual one after them.
  private var placeSuffix: String {
    if place.hasPrefix("{{") {
      return "{{ if ne .Values.namespace `istio-system` }}-{{ .Values.namespace }}{{ end }}"
    }
    return place == "istio-system" ? "" : "-\(place)"
  }

  private func has(_ key: String, _ value: JSONValue) -> JSONValue {
    ["key": .string(key), "operator": "In", "values": [value]]
  }

  private func isNot(_ key: String, _ value: JSONValue) -> JSONValue {
    ["key": .string(key), "operator": "NotIn", "values": [value]]
  }

  private func lacks(_ key: String) -> JSONValue {
    ["key": .string(key), "operator": "DoesNotExist"]
  }

  private func webhook(
    _ name: String, namespaces: [JSONValue], pods: [JSONValue]
  ) -> JSONValue {
    [
      "name": .string("\(name).sidecar-injector.istio.io"),
      "clientConfig": client("/inject"), "sideEffects": "None",
      "admissionReviewVersions": ["v1"], "failurePolicy": "Fail",
      "reinvocationPolicy": "Never", "timeoutSeconds": 10,
      "namespaceSelector": ["matchExpressions": .array(namespaces)],
      "objectSelector": ["matchExpressions": .array(pods)],
      "rules": [
        [
          "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
          "resources": ["pods"], "scope": "Namespaced",
        ]
      ],
    ]
  }

  // MARK: Validation

  /// Judges objects of Istio's kinds that are for this revision.
  var validation: JSONValue {
    validator(
      "istio-validator\(suffix)-\(place)", "rev.validation.istio.io",
      [has("istio.io/rev", revision)])
  }

  /// Judges objects that are for every revision.
  var defaultValidation: JSONValue {
    validator("istiod-default-validator", "validation.istio.io", [lacks("istio.io/rev")])
  }

  private func validator(
    _ name: String, _ webhook: String, _ objects: [JSONValue]
  ) -> JSONValue {
    var groups: [String] = []
    for resource in KubernetesResource.istio where !groups.contains(resource.group) {
      groups.append(resource.group)
    }
    return .kubernetesObject(
      Self.group, "ValidatingWebhookConfiguration", name,
      labels: Self.labels("istiod", revision),
      [
        "webhooks": [
          [
            "name": .string(webhook), "clientConfig": client("/validate"),
            "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore", "timeoutSeconds": 10,
            "objectSelector": ["matchExpressions": .array(objects)],
            "rules": [
              [
                "apiGroups": .array(groups.map { .string($0) }), "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE"], "resources": ["*"], "scope": "Namespaced",
              ]
            ],
          ]
        ]
      ])
  }
}
