import KubernetesAPI
import KubernetesClient
import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// An installation as a real API server sees it, which asks the control plane's webhooks.
  @Suite(
    .serialized,
    .enabled(if: KubernetesServer.assets != nil, "SKIPPED: KUBEBUILDER_ASSETS names no API server"))
  struct InstalledClusterTests {
    @Test(.timeLimit(.minutes(2)))
    func `Pods get their proxies, and what is wrong is refused with its field`() async throws {
      try await RunningCluster.run { cluster in
        try await cluster.installWebhooks()
        try cluster.startReplica()
        try await cluster.awaitReady()
        try await cluster.apply(
          """
          apiVersion: v1
          kind: Namespace
          metadata: {name: shop, labels: {istio-injection: enabled}}
          """)
        try await eventually("a pod gets a proxy", within: .seconds(40)) {
          let pod = try await cluster.client.create(
            Self.pod, as: .pods, namespace: "shop", isDryRun: true
          ).object
          return Self.containers(pod).contains("istio-proxy")
        }
        // The server takes the whole pod, and says what the proxy is told.
        let pod = try await cluster.client.create(Self.pod, as: .pods, namespace: "shop").object
        #expect(Self.containers(pod) == ["web", "istio-proxy"])
        let annotations = pod[path: ["metadata", "annotations"]]
        #expect(
          annotations?["sidecar.istio.io/status"]?.stringValue?.contains("istio-init") == true)

        try await eventually("what is wrong is refused", within: .seconds(40)) {
          do {
            _ = try await cluster.client.create(
              Self.route(weight: -1), as: .virtualServices, namespace: "shop", isDryRun: true)
            return false
          } catch {
            return "\(error)".contains("denied the request") && "\(error)".contains("weight")
          }
        }
        _ = try await cluster.client.create(
          Self.route(weight: 100), as: .virtualServices, namespace: "shop")
      }
    }

    private static let pod: JSONValue = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["generateName": "web-"],
      "spec": [
        // Admission that would fill it in is off: nobody makes the accounts here.
        "serviceAccountName": "default",
        "containers": [
          [
            "name": "web", "image": "web",
            "readinessProbe": ["httpGet": ["path": "/", "port": 8_080]],
          ]
        ],
      ],
    ]

    private static func containers(_ pod: JSONValue) -> [String] {
      (pod[path: ["spec", "containers"]]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }

    private static func route(weight: Int64) -> JSONValue {
      [
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": ["name": "web", "namespace": "shop"],
        "spec": [
          "hosts": ["web"],
          "http": [
            [
              "route": [
                ["destination": ["host": "web"], "weight": .integer(weight)],
                ["destination": ["host": "other"], "weight": 1],
              ]
            ]
          ],
        ],
      ]
    }
  }
}
