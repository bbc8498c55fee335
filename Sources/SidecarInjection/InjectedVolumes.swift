internal import StreamingJSON

/// The volumes of the proxy and where its container sees them.
enum InjectedVolumes {
  /// The volumes, in the order of Istio's template.
  static func make(_ context: InjectionContext) throws(InjectionError) -> [JSONValue] {
    standard + (try user(InjectionAnnotation.userVolume, context))
  }

  /// Where the proxy sees the volumes.
  static let mounts: [JSONValue] = [
    ("workload-socket", "/var/run/secrets/workload-spiffe-uds"),
    ("credential-socket", "/var/run/secrets/credential-uds"),
    ("workload-certs", "/var/run/secrets/workload-spiffe-credentials"),
    ("istiod-ca-cert", "/var/run/secrets/istio"),
    ("istio-ca-crl", "/var/run/secrets/istio/crl"),
    ("istio-data", "/var/lib/istio/data"), ("istio-envoy", "/etc/istio/proxy"),
    ("istio-token", "/var/run/secrets/tokens"), ("istio-podinfo", "/etc/istio/pod"),
  ].map { ["mountPath": .string($0.1), "name": .string($0.0)] }

  /// Mounts that the pod's annotation adds, by the name of their volume.
  static func userMounts(_ context: InjectionContext) throws(InjectionError) -> [JSONValue] {
    try user(InjectionAnnotation.userVolumeMount, context)
  }

  private static let standard: [JSONValue] = [
    ["name": "workload-socket", "emptyDir": [:]], ["name": "credential-socket", "emptyDir": [:]],
    ["name": "workload-certs", "emptyDir": [:]],
    ["name": "istio-envoy", "emptyDir": ["medium": "Memory"]],
    ["name": "istio-data", "emptyDir": [:]],
    [
      "name": "istio-podinfo",
      "downwardAPI": [
        "items": [
          ["fieldRef": ["fieldPath": "metadata.labels"], "path": "labels"],
          ["fieldRef": ["fieldPath": "metadata.annotations"], "path": "annotations"],
        ]
      ],
    ],
    [
      "name": "istio-token",
      "projected": [
        "sources": [
          [
            "serviceAccountToken": [
              "audience": "istio-ca", "expirationSeconds": 43_200, "path": "istio-token",
            ]
          ]
        ]
      ],
    ],
    ["name": "istiod-ca-cert", "configMap": ["name": "istio-ca-root-cert"]],
    ["name": "istio-ca-crl", "configMap": ["name": "istio-ca-crl", "optional": true]],
  ]

  /// The entries of an annotation that maps names to what they stand for, or lists them.
  private static func user(
    _ name: String, _ context: InjectionContext
  ) throws(InjectionError) -> [JSONValue] {
    guard let text = context.annotations[name] else { return [] }
    let value: JSONValue
    do throws(JSONDecodingError) {
      value = try JSONValue(parsing: text, limits: JSONLimits(size: 1 << 18, depth: 16))
    } catch {
      throw context.annotations.fault(name, "the annotation is not JSON: \(error)")
    }
    switch value {
    case .array(let list) where list.allSatisfy({ $0["name"]?.stringValue != nil }):
      return list
    case .object(let object) where object.allSatisfy({ $0.value.objectValue != nil }):
      return object.map { entry in
        var value = entry.value
        value["name"] = .string(entry.key)
        return value
      }
    default:
      throw context.annotations.fault(
        name, "the annotation does not map names to objects", remedy: "write {\"name\": {…}}")
    }
  }
}
