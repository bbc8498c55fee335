/// Objects of the shapes and in the numbers of istiod's benchmarks.
enum IstiodObjects {
  private static func virtualAddress(_ index: Int) -> String {
    "240.240.\(index / 255).\(index % 255)"
  }

  private static func endpoint(_ index: Int) -> String { "240.241.\(index / 255).\(index % 255)" }

  private static func object(
    _ group: String, _ kind: String, _ name: String, _ spec: String
  )
    -> String
  {
    """
    ---
    apiVersion: \(group).istio.io/v1
    kind: \(kind)
    metadata: {name: \(name)}
    spec:
    \(spec)

    """
  }

  private static func entry(_ name: String, _ lines: String...) -> String {
    object("networking", "ServiceEntry", name, lines.map { "  " + $0 }.joined(separator: "\n"))
  }

  // MARK: The proxy's own services

  static let ownService = entry(
    "own", "hosts: [example.com]", "location: MESH_INTERNAL", "resolution: STATIC",
    "ports: [{number: 80, name: http, protocol: HTTP}]", "endpoints: [{address: 1.1.1.1}]")

  private static let fourPorts = """
    ports: [{number: 80, name: http, protocol: HTTP}, {number: 7070, name: tcp, protocol: TCP}, \
    {number: 443, name: https, protocol: HTTPS}, {number: 9090, name: auto}]
    """

  static let ownServiceOfFourPorts = entry(
    "own", "hosts: [example.com]", "location: MESH_INTERNAL", "resolution: STATIC", fourPorts,
    "endpoints: [{address: 1.1.1.1}]")

  static func policy(_ mode: String) -> String {
    object("security", "PeerAuthentication", "default", "  mtls: {mode: \(mode)}")
  }

  // MARK: Services

  static func services(_ count: Int, protocol kind: String, port: Int) -> String {
    (0..<count).map { service($0, protocol: kind, port: port) }.joined()
  }

  private static func service(_ index: Int, protocol kind: String, port: Int) -> String {
    let port =
      kind.isEmpty
      ? "{number: \(port), name: port}" : "{number: \(port), name: port, protocol: \(kind)}"
    return entry(
      "svc-\(index)", "hosts: [svc-\(index).example.com]",
      "addresses: [\(virtualAddress(index))]", "location: MESH_INTERNAL", "resolution: STATIC",
      "ports: [\(port)]",
      "endpoints: [{address: \(endpoint(index)), labels: {security.istio.io/tlsMode: istio}}]")
  }

  static func externalName(_ index: Int) -> String {
    """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: svc-\(index)}
    spec: {type: ExternalName, externalName: svc-\(index).example.com, ports: [{name: http, port: 80}]}

    """
  }

  static func virtualService(_ index: Int) -> String {
    object(
      "networking", "VirtualService", "svc-\(index)",
      """
        hosts: [svc-\(index).example.com]
        http:
        - match: [{uri: {prefix: /prefix-\(index)}}, {uri: {regex: "/regex/[a-z]+/\(index)"}}]
          rewrite: {uri: /rewritten}
          route: [{destination: {host: svc-\(index).example.com, port: {number: 80}}}]
      """)
  }

  static func selectingEntry(_ index: Int) -> String {
    entry(
      "svc-\(index)", "hosts: [svc-\(index).example.com]",
      "addresses: [\(virtualAddress(index))]", "location: MESH_INTERNAL", "resolution: STATIC",
      fourPorts, "workloadSelector: {labels: {app: app-\(index)}}")
  }

  static func workloadEntry(_ index: Int) -> String {
    object(
      "networking", "WorkloadEntry", "random-\(index)",
      "  address: \(endpoint(index))\n  labels: {app: app-\(index % 100)}\n  serviceAccount: default"
    )
  }

  // MARK: Gateways

  private static let selector = "selector: {istio.io/benchmark: \"true\"}"

  private static func gateway(_ name: String, hosts: String) -> String {
    object(
      "networking", "Gateway", name,
      """
        \(selector)
        servers:
        - {port: {number: 80, name: http, protocol: HTTP}, hosts: [\(hosts)]}
        - port: {number: 443, name: https, protocol: HTTPS}
          hosts: [\(hosts)]
          tls: {mode: ISTIO_MUTUAL}
      """)
  }

  private static func route(_ index: Int, hosts: String, gateway: String, prefixes: Int) -> String {
    let matches = (0..<prefixes).map { "{uri: {prefix: /svc-\(index)/\($0)}}" }
    return object(
      "networking", "VirtualService", "svc-\(index)",
      """
        hosts: [\(hosts)]
        gateways: [\(gateway)]
        http:
        - match: [\(matches.joined(separator: ", "))]
          route: [{destination: {host: svc-\(index).example.com, port: {number: 80}}}]
      """)
  }

  static func gateway(_ index: Int) -> String {
    let hosts = ["a", "b", "c"].map { "\($0)-\(index).example.org" }.joined(separator: ", ")
    return gateway("gateway-\(index)", hosts: hosts)
      + route(index, hosts: hosts, gateway: "gateway-\(index)", prefixes: 1)
      + service(index, protocol: "HTTP", port: 80)
  }

  private static let sharedHosts = "a.example.org, b.example.org, c.example.org"
  static let sharedGateway = gateway("shared", hosts: sharedHosts)

  static func serviceOfSharedGateway(_ index: Int) -> String {
    route(index, hosts: sharedHosts, gateway: "shared", prefixes: 6)
      + service(index, protocol: "HTTP", port: 80)
  }
}
