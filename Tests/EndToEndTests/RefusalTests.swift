import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// Objects that pass validation and that Envoy refuses all the same, through the real programs.
  @Suite(.serialized, .mesh([.init("client", app: "client")]))
  struct RefusalTests {
    let mesh: RunningMesh
    private static let names = (0..<6).map { "shop-\($0)" }
    private static let offender = "shop-3"

    init() throws {
      mesh = try #require(RunningMesh.current)
    }

    @Test(.timeLimit(.minutes(1)))
    func `skein status names the object behind each refusal, and all else arrives`() async throws {
      try await eventually("the mesh's own objects are there") {
        mesh.api("get", "sidecar", "client").status == 0
      }
      try apply(version: 1)
      try await eventually("everything is taken") {
        try await held() == Dictionary(uniqueKeysWithValues: Self.names.map { ($0, [1, 1]) })
      }
      try apply(version: 2, bad: Self.offender)
      try await eventually("all but the bad ones are taken") {
        try await held()
          == Dictionary(
            uniqueKeysWithValues: Self.names.map { ($0, $0 == Self.offender ? [1, 1] : [2, 2]) })
      }
      try await eventually("the offenders are named") { mesh.ask("status").refusals.count == 3 }
      let status = mesh.ask("status")
      let address = try mesh["client"].address
      let expected = [
        "cds outbound|9080||shop-3.test, made from ServiceEntry/default/shop-3, "
          + "DestinationRule/default/shop-3: ",
        "lds \(address)_\(Workload.applicationPort), made from Sidecar/default/client: ",
        "vhds 9080/shop-3.test:9080, made from ServiceEntry/default/shop-3, "
          + "VirtualService/default/shop-3: ",
      ]
      for line in expected {
        #expect(
          status.refusals.contains {
            $0.contains("client.default") && $0.contains(" refused " + line)
          },
          "\(line) is not in \(status.output)")
      }
      // Envoy puts the whole cluster before what it says of it.
      #expect(status.refusals.contains { $0.hasSuffix("less than or equal to 8388608)") })
      #expect(status.refusals.allSatisfy { $0.count < 1000 }, "\(status.output)")
      let types = status.table.filter { $0.count == 7 && $0[2] == "ERROR" }.map { $0[1] }
      #expect(types.sorted() == ["cds", "lds", "vhds"])
      let client = try mesh.ask("status", "-o", "json").json.arrayValue?.first
      let sources = (client?["types"]?.arrayValue ?? []).flatMap { type in
        (type["rejections"]?.arrayValue ?? []).flatMap { $0["sources"]?.arrayValue ?? [] }
      }
      #expect(Set(sources.compactMap(\.stringValue)).count == 4, "\(sources)")
      // What was refused still serves at its last good version.
      #expect(try await mesh["client"].ask("shop-3.test", path: "/1").status == 201)

      try apply(version: 3)
      try await eventually("the repaired ones are taken") {
        try await held() == Dictionary(uniqueKeysWithValues: Self.names.map { ($0, [3, 3]) })
      }
      try await eventually("no refusal is left") {
        mesh.ask("status").refusals.isEmpty && !mesh.ask("status").output.contains("ERROR")
      }
    }

    /// The versions of the cluster and of the virtual host of each service that the Envoy holds.
    private func held() async throws -> [String: [Int]] {
      let port = try mesh["client"].adminPort
      let dump = try await mesh.get("http://127.0.0.1:\(port)/config_dump?include_eds").body
      var found: [String: [Int]] = [:]
      for name in Self.names {
        for version in 1...3 where dump.contains("\"prefix\": \"/\(version)-\(name)\"") {
          found[name, default: []].append(version)
        }
        for version in 1...3
        where dump.contains("\"minimum_ring_size\": \"\(1000 * version + Self.number(name))\"") {
          found[name, default: []].append(version)
        }
      }
      return found
    }

    private static func number(_ name: String) -> Int { Int(name.suffix(1)) ?? 0 }

    /// Makes all services be of a version, one of them with a route and a cluster that Envoy refuses,
    /// and the client listen where its application already does.
    private func apply(version: Int, bad: String? = nil) throws {
      let services = Self.names.map { Self.objects($0, version, isBad: $0 == bad) }
      let listeners = bad == nil ? [] : [Workload.applicationPort]
      let file = "\(mesh.directory)/refusals.yaml"
      ChildProgram.write(
        (services + [try sidecar(listeners)]).joined(separator: "---\n"), to: file)
      let result = mesh.api("apply", "-f", file)
      guard result.status == 0 else { throw MeshFailure(result.output) }
    }

    private func sidecar(_ ports: [Int]) throws -> String {
      let address = try mesh["client"].address
      let egress = ([Workload.outboundPort] + ports).map { port in
        """
          - port: {number: \(port), protocol: HTTP, name: http-\(port)}
            bind: \(address)
            captureMode: NONE
            hosts: ["./*"]
        """
      }
      return """
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata: {name: client, namespace: default}
        spec:
          workloadSelector: {labels: {instance: client}}
          egress:
        \(egress.joined(separator: "\n"))

        """
    }

    private static func objects(_ name: String, _ version: Int, isBad: Bool) -> String {
      // A ring larger than Envoy's largest, and a variable that Envoy does not know.
      let ring = isBad ? 9_000_000 : 1000 * version + number(name)
      let header = isBad ? "%NO_SUCH_VARIABLE%" : "\(version)"
      return """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: \(name), namespace: default}
        spec:
          hosts: [\(name).test]
          ports: [{number: \(Workload.outboundPort), name: http, protocol: HTTP}]
          resolution: STATIC
          endpoints: [{address: 127.0.0.1}]
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: \(name), namespace: default}
        spec:
          host: \(name).test
          trafficPolicy:
            loadBalancer:
              consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: \(ring)}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: \(name), namespace: default}
        spec:
          hosts: [\(name).test]
          http:
          - match: [{uri: {exact: /\(version)}}]
            directResponse: {status: \(200 + version)}
          - match: [{uri: {prefix: /\(version)-\(name)}}]
            headers: {request: {set: {x-version: '\(header)'}}}
            route: [{destination: {host: \(name).test}}]

        """
    }
  }
}

extension ChildProgram.Result {
  /// The lines that tell of refusals.
  fileprivate var refusals: [String] {
    output.split(separator: "\n").map(String.init).filter { $0.contains(" refused ") }
  }
}
