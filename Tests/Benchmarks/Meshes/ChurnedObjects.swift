internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting

/// The objects of one cycle of ``ObjectChurn``: all that names another of them, and one of every kind.
struct ChurnedObjects {
  var number: Int
  var namespace: String

  var name: String { "churn-\(number)" }
  var podName: String { name + "-pod" }
  var podAddress: String { "10.240.\(number >> 8 & 255).\(number & 255)" }
  private var host: String { "\(name).\(namespace).svc.cluster.local" }
  private var outside: String { "\(name).example.org" }

  /// Events that create them, in an order that is another one for each number: what refers to something
  /// may come before it.
  func events() throws -> [IngestEvent] {
    let all = try objects.flatMap { resource, group, name, contents in
      try KubernetesMesh.applied(resource, json(resource, group, name, contents))
    }
    let shift = (number * 5) % all.count
    return Array(all[shift...] + all[..<shift])
  }

  private func json(
    _ resource: KubernetesResource, _ group: String, _ name: String, _ contents: String
  ) -> [UInt8] {
    let labels =
      resource == .endpointSlices
      ? "\"kubernetes.io/service-name\":\"\(self.name)\""
      : "\"app\":\"\(self.name)\",\"security.istio.io/tlsMode\":\"istio\""
    return Array(
      """
      {"apiVersion":"\(group)","kind":"\(resource.kind)",\
      "metadata":{"name":"\(name)","namespace":"\(namespace)","labels":{\(labels)},\
      "creationTimestamp":"2026-01-01T00:00:00Z"},\(contents)}
      """.utf8)
  }

  private var objects: [(KubernetesResource, String, String, String)] {
    let networking = "networking.istio.io/v1"
    let selector = "{\"matchLabels\":{\"app\":\"\(name)\"}}"
    return [
      (
        .services, "v1", name,
        """
        "spec":{"clusterIP":"100.100.\(number >> 8 & 255).\(number & 255)",\
        "selector":{"app":"\(name)"},"ports":[{"name":"http","port":80,"targetPort":8080},\
        {"name":"tcp","port":\(20_000 + number % 20_000),"targetPort":9000}]}
        """
      ),
      (
        .pods, "v1", podName,
        """
        "spec":{"serviceAccountName":"\(name)","nodeName":"\(name)-node","containers":[]},\
        "status":{"phase":"Running","podIP":"\(podAddress)","podIPs":[{"ip":"\(podAddress)"}]}
        """
      ),
      (
        .nodes, "v1", "\(name)-node", "\"spec\":{}"
      ),
      slice("\(name)-named", "\"targetRef\":{\"kind\":\"Pod\",\"name\":\"\(podName)\"},"),
      slice("\(name)-nameless", ""),
      (
        .secrets, "v1", name, Self.secret
      ),
      (
        .virtualServices, networking, name,
        """
        "spec":{"hosts":["\(host)","*.\(outside)"],"http":[\
        {"match":[{"sourceLabels":{"\(name)":"x"}}],"route":[{"destination":{"host":"\(outside)"}}]},\
        {"route":[{"destination":{"host":"\(host)","subset":"v1"}}]}]}
        """
      ),
      (
        .destinationRules, networking, name,
        """
        "spec":{"host":"\(host)","workloadSelector":{"matchLabels":{"rule-\(name)":"x"}},\
        "subsets":[{"name":"v1","labels":{"version":"v1"}}]}
        """
      ),
      (
        .serviceEntries, networking, "\(name)-outside",
        """
        "spec":{"hosts":["\(outside)"],"addresses":["100.101.\(number >> 8 & 255).\(number & 255)"],\
        "ports":[{"number":443,"name":"tls","protocol":"TLS"}],"resolution":"STATIC",\
        "workloadSelector":{"labels":{"app":"\(name)"}}}
        """
      ),
      (
        .workloadEntries, networking, name,
        "\"spec\":{\"address\":\"10.241.1.1\",\"labels\":{\"app\":\"\(name)\"}}"
      ),
      (
        .gateways, networking, name,
        """
        "spec":{"selector":{"app":"\(name)"},"servers":[{"hosts":["\(outside)"],\
        "port":{"number":443,"name":"https","protocol":"HTTPS"},\
        "tls":{"mode":"SIMPLE","credentialName":"\(name)"}}]}
        """
      ),
      (
        .sidecars, networking, name,
        """
        "spec":{"workloadSelector":{"labels":{"app":"\(name)"}},\
        "egress":[{"hosts":["./*","ns-0/*"]}]}
        """
      ),
      (
        .peerAuthentications, "security.istio.io/v1", name,
        "\"spec\":{\"selector\":\(selector),\"mtls\":{\"mode\":\"STRICT\"}}"
      ),
    ]
  }

  private static let secret = """
    "type":"kubernetes.io/tls","data":{\
    "tls.crt":"\(IstiodObjects.base64(TestCertificate.certificate))",\
    "tls.key":"\(IstiodObjects.base64(TestCertificate.privateKey))"}
    """

  private func slice(
    _ name: String, _ target: String
  ) -> (KubernetesResource, String, String, String) {
    (
      .endpointSlices, "discovery.k8s.io/v1", name,
      """
      "addressType":"IPv4","ports":[{"name":"http","port":8080},{"name":"tcp","port":9000}],\
      "endpoints":[{"addresses":["\(podAddress)"],\(target)"nodeName":"\(self.name)-node"}]
      """
    )
  }
}
