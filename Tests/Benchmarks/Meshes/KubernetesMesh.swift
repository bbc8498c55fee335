package import KubernetesAPI
package import MeshIngest
internal import StreamingJSON

/// A mesh of Kubernetes objects of any size, as the JSON that an API server sends.
///
/// Equal sizes give equal objects, so whatever is counted over them can be compared between runs.
package struct KubernetesMesh: Sendable {
  package var services: Int
  package var namespaces = 20
  package var replicas = 2
  /// One service of this many has a VirtualService, and another one a DestinationRule.
  package var configured = 10

  /// A mesh of this many services.
  package init(services: Int) {
    self.services = services
  }

  package func name(_ index: Int) -> String { "svc-\(index)" }
  package func namespace(_ index: Int) -> String { "ns-\(index % namespaces)" }
  package func hostname(_ index: Int) -> String {
    "\(name(index)).\(namespace(index)).svc.cluster.local"
  }

  /// The name of a service's pod.
  package func podName(_ index: Int, _ replica: Int) -> String { "\(name(index))-\(replica)" }

  /// The address of a service's pod.
  package func address(_ index: Int, _ replica: Int) -> String {
    let number = index * replicas + replica + 1
    return "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
  }

  private func virtualAddress(_ index: Int) -> String {
    "100.\(64 + (index >> 16 & 63)).\(index >> 8 & 255).\(index & 255)"
  }

  private func metadata(_ name: String, _ index: Int, note: Int, labels: String = "{}") -> String {
    """
    {"name":"\(name)","namespace":"\(namespace(index))","uid":"5b0f2a64-0000-4000-8000-00000000",\
    "resourceVersion":"\(1000 + note)","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z",\
    "labels":\(labels),"annotations":{"example.org/note":"\(note)"}}
    """
  }

  // MARK: Objects

  /// A Service with an HTTP and a TCP port; `note` changes only metadata that nothing reads.
  package func service(_ index: Int, note: Int = 0) -> [UInt8] {
    Array(
      """
      {"apiVersion":"v1","kind":"Service","metadata":\(metadata(name(index), index, note: note)),\
      "spec":{"clusterIP":"\(virtualAddress(index))","clusterIPs":["\(virtualAddress(index))"],\
      "type":"ClusterIP","selector":{"app":"\(name(index))"},"ports":[\
      {"name":"http","port":80,"protocol":"TCP","targetPort":8080},\
      {"name":"tcp","port":9000,"protocol":"TCP","targetPort":9000}]},"status":{"loadBalancer":{}}}
      """.utf8)
  }

  /// The EndpointSlice of a service, its first endpoint not ready if so told.
  package func slice(_ index: Int, isFirstReady: Bool = true, note: Int = 0) -> [UInt8] {
    let endpoints = (0..<replicas).map { replica in
      let isReady = replica > 0 || isFirstReady
      return """
        {"addresses":["\(address(index, replica))"],"conditions":{"ready":\(isReady),\
        "serving":\(isReady),"terminating":false},"nodeName":"node-\(index % 16)",\
        "targetRef":{"kind":"Pod","name":"\(podName(index, replica))",\
        "namespace":"\(namespace(index))","uid":"5b0f2a64-0000-4000-8000-00000000"},\
        "zone":"zone-\(index % 3)"}
        """
    }.joined(separator: ",")
    let labels = "{\"kubernetes.io/service-name\":\"\(name(index))\"}"
    return Array(
      """
      {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",\
      "metadata":\(metadata("\(name(index))-1", index, note: note, labels: labels)),\
      "addressType":"IPv4","ports":[{"name":"http","port":8080,"protocol":"TCP"},\
      {"name":"tcp","port":9000,"protocol":"TCP"}],"endpoints":[\(endpoints)]}
      """.utf8)
  }

  /// A Pod with a sidecar; `padding` adds environment variables, as real pods have many.
  package func pod(_ index: Int, _ replica: Int, padding: Int = 0, note: Int = 0) -> [UInt8] {
    let labels = """
      {"app":"\(name(index))","version":"v1","security.istio.io/tlsMode":"istio",\
      "service.istio.io/canonical-name":"\(name(index))"}
      """
    let variables = (0..<padding).map {
      "{\"name\":\"VARIABLE_\($0)\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"map\",\"key\":\"k\"}}}"
    }.joined(separator: ",")
    return Array(
      """
      {"apiVersion":"v1","kind":"Pod",\
      "metadata":\(metadata(podName(index, replica), index, note: note, labels: labels)),\
      "spec":{"serviceAccountName":"\(name(index))","nodeName":"node-\(index % 16)",\
      "containers":[{"name":"app","image":"registry.example.org/app:1","env":[\(variables)],\
      "ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}]}]},\
      "status":{"phase":"Running","podIP":"\(address(index, replica))",\
      "podIPs":[{"ip":"\(address(index, replica))"}]}}
      """.utf8)
  }

  /// A VirtualService of a service; `timeout` is in seconds.
  package func virtualService(_ index: Int, timeout: Int = 5, note: Int = 0) -> [UInt8] {
    Array(
      """
      {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",\
      "metadata":\(metadata(name(index), index, note: note)),"spec":{"hosts":["\(hostname(index))"],\
      "http":[{"match":[{"uri":{"prefix":"/api"}}],"timeout":"\(timeout)s",\
      "route":[{"destination":{"host":"\(hostname(index))","port":{"number":80}}}]},\
      {"route":[{"destination":{"host":"\(hostname(index))","port":{"number":80}}}]}]}}
      """.utf8)
  }

  /// A DestinationRule of a service.
  package func destinationRule(_ index: Int, connections: Int = 100, note: Int = 0) -> [UInt8] {
    Array(
      """
      {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule",\
      "metadata":\(metadata(name(index), index, note: note)),"spec":{"host":"\(hostname(index))",\
      "trafficPolicy":{"connectionPool":{"tcp":{"maxConnections":\(connections)}}}}}
      """.utf8)
  }

  /// The PeerAuthentication of the namespace that a service is in.
  package func peerAuthentication(_ index: Int, mode: String) -> [UInt8] {
    Array(
      """
      {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication",\
      "metadata":\(metadata("default", index, note: 0)),"spec":{"mtls":{"mode":"\(mode)"}}}
      """.utf8)
  }

  // MARK: Events

  /// An event that applies an object.
  package static func applied(
    _ resource: KubernetesResource, _ json: [UInt8]
  ) throws -> [IngestEvent] {
    try IngestedObject.decode(resource, JSONReader(json)).map { [.applied($0)] } ?? []
  }

  /// Everything of one service.
  package func events(_ index: Int) throws -> [IngestEvent] {
    var events: [IngestEvent] = []
    for replica in 0..<replicas { events += try Self.applied(.pods, pod(index, replica)) }
    events += try Self.applied(.endpointSlices, slice(index))
    events += try Self.applied(.services, service(index))
    if index % configured == 1 {
      events += try Self.applied(.virtualServices, virtualService(index))
    }
    if index % configured == 2 {
      events += try Self.applied(.destinationRules, destinationRule(index))
    }
    return events
  }

  /// Everything of the mesh.
  package func events() throws -> [IngestEvent] {
    try (0..<services).flatMap(events)
  }
}
