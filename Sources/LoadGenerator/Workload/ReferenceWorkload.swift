package import KubernetesAPI
package import StreamingJSON

/// The mesh that control planes are compared on: Services with Pods spread over namespaces, some of them
/// with a DestinationRule of two subsets and a VirtualService that splits 90 to 10.
package struct ReferenceWorkload: Hashable, Sendable {
  package var namespaces: Int
  package var services: Int
  /// Pods of each Service.
  package var pods: Int
  /// How many Services, the first ones, have a DestinationRule and a VirtualService.
  package var routes: Int

  package init(namespaces: Int = 20, services: Int = 1000, pods: Int = 5, routes: Int = 200) {
    self.namespaces = max(1, namespaces)
    self.services = max(1, services)
    self.pods = max(1, pods)
    self.routes = min(max(0, routes), self.services)
  }

  /// An object with where it belongs.
  package struct Object: Sendable {
    package var resource: KubernetesResource
    package var key: ObjectKey
    package var value: JSONValue
  }

  func namespace(of service: Int) -> String { "ns-\(service % namespaces)" }
  func host(of service: Int) -> String {
    "svc-\(service).\(namespace(of: service)).svc.cluster.local"
  }

  /// The address of a Pod, in 10.64.0.0/10.
  func address(of service: Int, pod: Int) -> String {
    let number = service * pods + pod + 1
    return "10.\(64 + (number >> 16) % 64).\((number >> 8) & 255).\(number & 255)"
  }

  func podName(_ service: Int, _ pod: Int) -> String { "svc-\(service)-\(pod)" }
  func podLabels(_ service: Int, _ pod: Int) -> [(String, String)] {
    [
      ("app", "svc-\(service)"), ("security.istio.io/tlsMode", "istio"),
      ("version", pod % 2 == 0 ? "v1" : "v2"),
    ]
  }

  /// Everything in the order in which it is created: what is named comes before what names it.
  package var objects: [Object] {
    (0..<namespaces).map { namespaceObject($0) }
      + (0..<services).flatMap { service in
        [serviceAccount(service), self.service(service)]
          + (0..<pods).map { pod(service, $0) } + [endpoints(service)]
      } + (0..<routes).flatMap { [destinationRule($0), virtualService($0)] }
  }

  // MARK: Objects

  private func namespaceObject(_ index: Int) -> Object {
    object(.namespaces, "", "ns-\(index)", [:])
  }

  private func serviceAccount(_ service: Int) -> Object {
    object(.serviceAccounts, namespace(of: service), "svc-\(service)", [:])
  }

  private func service(_ service: Int) -> Object {
    self.service(named: "svc-\(service)", in: namespace(of: service))
  }

  func service(named name: String, in namespace: String) -> Object {
    object(
      .services, namespace, name,
      [
        "spec": [
          "selector": ["app": .string(name)],
          "ports": [
            ["name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"],
            ["name": "tcp", "port": 9000, "targetPort": 9000, "protocol": "TCP"],
          ],
        ]
      ])
  }

  private func pod(_ service: Int, _ pod: Int) -> Object {
    let address = JSONValue.string(address(of: service, pod: pod))
    let labels = podLabels(service, pod).map { ($0.0, JSONValue.string($0.1)) }
    return object(
      .pods, namespace(of: service), podName(service, pod),
      [
        "spec": [
          "serviceAccountName": .string("svc-\(service)"),
          "containers": [["name": "app", "image": "app"]],
        ],
        "status": [
          "phase": "Running", "podIP": address, "podIPs": [["ip": address]],
          "conditions": [["type": "Ready", "status": "True"]],
        ],
      ], labels: labels)
  }

  /// The EndpointSlice of a Service; `moved` replaces the address of its last endpoint.
  func endpoints(_ service: Int, moved: String? = nil) -> Object {
    let namespace = namespace(of: service)
    let endpoints: [JSONValue] = (0..<pods).map { pod in
      let own = address(of: service, pod: pod)
      return [
        "addresses": [.string(pod == pods - 1 ? moved ?? own : own)],
        "conditions": ["ready": true, "serving": true, "terminating": false],
        "targetRef": [
          "kind": "Pod", "name": .string(podName(service, pod)), "namespace": .string(namespace),
        ],
      ]
    }
    return object(
      .endpointSlices, namespace, "svc-\(service)-slice",
      [
        "addressType": "IPv4",
        "ports": [
          ["name": "http", "port": 8080, "protocol": "TCP"],
          ["name": "tcp", "port": 9000, "protocol": "TCP"],
        ],
        "endpoints": .array(endpoints),
      ], labels: [("kubernetes.io/service-name", .string("svc-\(service)"))])
  }

  private func destinationRule(_ service: Int) -> Object {
    object(
      .destinationRules, namespace(of: service), "svc-\(service)",
      [
        "spec": [
          "host": .string(host(of: service)),
          "subsets": [
            ["name": "v1", "labels": ["version": "v1"]],
            ["name": "v2", "labels": ["version": "v2"]],
          ],
        ]
      ])
  }

  /// The VirtualService of a Service; `marker` is the value of a request header that it sets.
  func virtualService(_ service: Int, marker: String? = nil) -> Object {
    let host = JSONValue.string(host(of: service))
    var route: JSONValue = [
      "route": [
        ["destination": ["host": host, "subset": "v1"], "weight": 90],
        ["destination": ["host": host, "subset": "v2"], "weight": 10],
      ]
    ]
    if let marker {
      route[path: ["headers", "request", "set", "x-skein-load"]] = .string(marker)
    }
    return object(
      .virtualServices, namespace(of: service), "svc-\(service)",
      ["spec": ["hosts": [host], "http": [route]]])
  }

  /// The PeerAuthentication of a Service's Pods.
  func peerAuthentication(_ service: Int, mode: String) -> Object {
    object(
      .peerAuthentications, namespace(of: service), "svc-\(service)",
      [
        "spec": [
          "selector": ["matchLabels": ["app": .string("svc-\(service)")]],
          "mtls": ["mode": .string(mode)],
        ]
      ])
  }

  private func object(
    _ resource: KubernetesResource, _ namespace: String, _ name: String, _ contents: JSONValue,
    labels: [(String, JSONValue)] = []
  ) -> Object {
    var metadata: JSONValue = ["name": .string(name)]
    if resource.isNamespaced { metadata["namespace"] = .string(namespace) }
    for (key, value) in labels { metadata[path: ["labels", key]] = value }
    var value: JSONValue = [
      "apiVersion": .string(resource.apiVersion()), "kind": .string(resource.kind),
      "metadata": metadata,
    ]
    for (key, member) in contents.objectValue ?? JSONObject() { value[key] = member }
    return Object(
      resource: resource, key: ObjectKey(namespace: namespace, name: name), value: value)
  }
}
