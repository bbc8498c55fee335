import MeshTesting

/// Edits of a small mesh that collide often.
enum RandomEdits {
  struct Edit {
    var yaml: String
    var isDeletion: Bool
  }

  static func next(_ generator: inout SplitMix64) -> Edit {
    let isDeletion = Int.random(in: 0..<5, using: &generator) == 0
    let makers: [(inout SplitMix64) -> String] = [
      service, service, slice, slice, virtualService, destinationRule, peerAuthentication, sidecar,
      gateway, gateway, serviceEntry, pod, meshConfig, secret,
    ]
    let index = Int.random(in: 0..<makers.count, using: &generator)
    return Edit(yaml: makers[index](&generator), isDeletion: isDeletion)
  }

  private static func pick(_ values: [String], _ generator: inout SplitMix64) -> String {
    values.randomElement(using: &generator) ?? ""
  }

  private static func number(_ generator: inout SplitMix64) -> Int {
    Int.random(in: 0..<4, using: &generator)
  }

  private static func service(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    let ip = pick(["None", "10.96.0.\(index)", "10.96.0.\(index)"], &generator)
    let name = pick(["http", "grpc", "tcp", "odd", "tls-x"], &generator)
    let port = pick(["80", "8080", "9000"], &generator)
    return """
      apiVersion: v1
      kind: Service
      metadata: {name: svc-\(index), namespace: ns-\(index % 2)}
      spec:
        clusterIP: \(ip)
        selector: {app: svc-\(index)}
        ports:
        - {name: \(name), port: \(port), targetPort: 8080}
        - {name: tcp-admin, port: 9901, targetPort: 9901}
      """
  }

  private static func slice(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    let last = number(&generator)
    let ready = pick(["true", "false"], &generator)
    return """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata:
        name: svc-\(index)-\(last % 2)
        namespace: ns-\(index % 2)
        labels: {kubernetes.io/service-name: svc-\(index)}
      addressType: IPv4
      ports: [{name: http, port: 8080}, {name: tcp, port: 8080}, {name: tcp-admin, port: 9901}]
      endpoints:
      - {addresses: [10.0.\(index % 2).\(last)], conditions: {ready: \(ready)}}
      - {addresses: [10.0.\(index % 2).\(last + 10)], zone: zone-\(last)}
      """
  }

  private static func virtualService(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    let weight = Int.random(in: 1..<100, using: &generator)
    let host = pick(
      [
        "svc-\(index)", "svc-\(index).ns-\(index % 2).svc.cluster.local", "*.example.com",
        "free.org", "*", "a.example.com",
      ],
      &generator)
    let gateways = pick(["[mesh]", "[gw]", "[mesh, ns-0/gw]", "[ns-0/gw, ns-0/gw-1]"], &generator)
    return """
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: vs-\(number(&generator)), namespace: ns-\(index % 2)}
      spec:
        hosts: ["\(host)", "*.free.org"]
        exportTo: ["\(pick(["*", "*", ".", "ns-0"], &generator))"]
        gateways: \(gateways)
        tls:
        - match: [{sniHosts: ["\(host)"]}]
          route: [{destination: {host: svc-\(index), port: {number: 9901}}}]
        http:
        - match: [{headers: {x: {exact: "\(weight)"}}, sourceLabels: {app: svc-\(index)}}]
          route: [{destination: {host: svc-\(index), subset: v1}}]
        - route:
          - {destination: {host: svc-\(index), subset: v1}, weight: \(weight)}
          - {destination: {host: svc-\(index), subset: v2}, weight: \(100 - weight)}
      """
  }

  private static func destinationRule(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    let mode = pick(["ISTIO_MUTUAL", "DISABLE", "SIMPLE"], &generator)
    let balancer = pick(
      [
        "{simple: RANDOM}", "{consistentHash: {httpHeaderName: x-user}}", "{simple: LEAST_REQUEST}",
      ],
      &generator)
    return """
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: dr-\(number(&generator)), namespace: ns-\(index % 2)}
      spec:
        host: svc-\(index)
        trafficPolicy:
          tls: {mode: \(mode)}
          loadBalancer: \(balancer)
        subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
      """
  }

  private static func peerAuthentication(_ generator: inout SplitMix64) -> String {
    let namespace = pick(["istio-system", "ns-0", "ns-1"], &generator)
    let mode = pick(["STRICT", "PERMISSIVE", "DISABLE", "UNSET"], &generator)
    return """
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: pa-\(number(&generator) % 2), namespace: \(namespace)}
      spec: {mtls: {mode: \(mode)}}
      """
  }

  private static func sidecar(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    let hosts = pick(["[\"./*\"]", "[\"*/*\"]", "[\"ns-1/*\"]"], &generator)
    return """
      apiVersion: networking.istio.io/v1
      kind: Sidecar
      metadata: {name: sc-\(index % 2), namespace: ns-\(index % 2)}
      spec:
        egress:
        - port: {number: 8080, protocol: HTTP, name: http}
          hosts: \(hosts)
        - hosts: \(hosts)
      """
  }

  private static func gateway(_ generator: inout SplitMix64) -> String {
    let host = pick(
      ["*", "svc-0.ns-0.svc.cluster.local", "*.example.com", "a.example.com", "ns-1/*"], &generator)
    let redirect = pick(["true", "false", "false"], &generator)
    let other = pick(["other.org", "free.org"], &generator)
    return """
      apiVersion: networking.istio.io/v1
      kind: Gateway
      metadata: {name: \(pick(["gw", "gw-1"], &generator)), namespace: ns-0}
      spec:
        selector: {istio: ingressgateway}
        servers:
        - port: {number: 80, name: http, protocol: HTTP}
          hosts: ["\(host)", "./*.free.org"]
          tls: {httpsRedirect: \(redirect)}
        - port: {number: 15443, name: tls, protocol: TLS}
          hosts: ["*"]
          tls: {mode: PASSTHROUGH}
        - port: {number: 443, name: https, protocol: HTTPS}
          hosts: ["*.example.com"]
          tls: {mode: \(pick(["SIMPLE", "MUTUAL"], &generator)), credentialName: secret-0}
        - port: {number: 443, name: other, protocol: HTTPS}
          hosts: ["\(other)"]
          tls: {mode: SIMPLE, credentialName: \(pick(["secret-0", "secret-1"], &generator))}
      """
  }

  /// A certificate with its key, trust roots, both, or nothing that a gateway could use.
  private static func secret(_ generator: inout SplitMix64) -> String {
    let index = number(&generator) % 2
    let data = pick(["cacert: |\n\(TestCertificate.certificate)", "password: x"], &generator)
    let pair = pick(
      [
        "cert: |\n\(TestCertificate.certificate)\n  key: |\n\(TestCertificate.privateKey)",
        "cert: ''",
      ], &generator)
    return """
      apiVersion: v1
      kind: Secret
      metadata: {name: secret-\(index), namespace: ns-0}
      stringData:
        \(data)
        \(pair)
      """
  }

  private static func serviceEntry(_ generator: inout SplitMix64) -> String {
    let resolution = pick(["STATIC", "DNS", "NONE"], &generator)
    let endpoints =
      resolution == "STATIC" ? "[{address: 192.0.2.\(number(&generator))}]" : "[]"
    return """
      apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata: {name: se-\(number(&generator) % 2), namespace: ns-0}
      spec:
        hosts: [free.org]
        location: MESH_EXTERNAL
        resolution: \(resolution)
        ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
        endpoints: \(endpoints)
      """
  }

  private static func pod(_ generator: inout SplitMix64) -> String {
    let index = number(&generator)
    return """
      apiVersion: v1
      kind: Pod
      metadata:
        name: pod-\(index)
        namespace: ns-\(index % 2)
        labels: {app: svc-\(number(&generator)), version: v1, security.istio.io/tlsMode: istio}
      spec: {serviceAccountName: sa-\(index)}
      status: {podIP: 10.0.\(index % 2).\(index), phase: Running}
      """
  }

  private static func meshConfig(_ generator: inout SplitMix64) -> String {
    let mode = pick(["ALLOW_ANY", "REGISTRY_ONLY"], &generator)
    return """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: istio-system}
      data: {mesh: "outboundTrafficPolicy: {mode: \(mode)}"}
      """
  }
}
