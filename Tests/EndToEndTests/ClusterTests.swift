import Foundation
import KubernetesAPI
import KubernetesClient
import MeshTesting
import StreamingJSON
import Synchronization
import Testing

extension EndToEnd {
  /// A control plane that reads a cluster's API, with real Envoys whose pods' tokens prove who they are.
  @Suite(.serialized)
  struct ClusterTests {
    private static let workloads: [WorkloadDescription] = [
      .init("client", app: "client"), .init("a", app: "shop"), .init("b", app: "shop"),
    ]

    @Test(.timeLimit(.minutes(3)))
    func `The API server ends and comes back mid-churn, and no request fails`() async throws {
      try await RunningCluster.run { cluster in
        try cluster.startReplica()
        try await cluster.awaitReady()
        try await cluster.start(Self.workloads)
        let client = try cluster["client"]
        try await eventually("the mesh answers") { try await client.ask("shop").status == 200 }
        #expect(
          try await client.ask("shop").clientCertificate
            .contains("spiffe://cluster.local/ns/default/sa/client"))
        try await cluster.awaitSynced(3)

        let load = try await client.underLoad("shop") {
          // The API goes away, the control plane starts without it, and proxies come back to it.
          await cluster.stopAPI()
          await (try cluster.replica(1)).crash()
          try cluster.startReplica()
          try await cluster.awaitReady()
          try await cluster.awaitSynced(3)
          let metrics = try await cluster.metrics()
          #expect(metrics["skein_degraded"] == 1)
          #expect(metrics["skein_source_state{resource=\"pods\",state=\"mirrored\"}"] == 1)
          #expect(
            try await cluster.page("debug/objectz").contains("degraded: the API server is away"))
          #expect(try await cluster.resourcesSent() == 0)
          // What it had is what it has again, so nothing is sent when the API is back either.
          try await cluster.startAPI()
          try await eventually("everything is live again", within: .seconds(60)) {
            try await cluster.metrics()["skein_degraded"] == 0
          }
          #expect(try await cluster.resourcesSent() == 0)
        }
        print(
          "API and control plane away under load: \(load.total) requests, \(load.failures) failed")
        #expect(load.failures == 0, "\(load)")
        // The proof that the live state is followed.
        try await cluster.apply(Self.route(timeout: 7))
        try await eventually("a change is sent") { try await cluster.resourcesSent() > 0 }
      }
    }

    @Test(.timeLimit(.minutes(2)))
    func
      `A first start without the API lives, says what it waits for, and is ready once there is one`()
      async throws
    {
      try await RunningCluster.run { cluster in
        await cluster.stopAPI()
        try cluster.startReplica()
        try await eventually("it says what it waits for") {
          do {
            _ = try await cluster.page("ready")
            return false
          } catch {
            return "\(error)".contains("503") && "\(error)".contains("certificate authority read")
          }
        }
        try await cluster.startAPI()
        try await eventually("it is ready", within: .seconds(60)) {
          try await cluster.page("ready").contains("ready")
        }
      }
    }

    @Test(.timeLimit(.minutes(4)))
    func `Errors, cut watches and lost places in history end in the state from scratch`()
      async throws
    {
      try await RunningCluster.run { cluster in
        try cluster.startReplica()
        try await cluster.awaitReady()
        try await cluster.start(Self.workloads)
        let client = try cluster["client"]
        try await eventually("the mesh answers") { try await client.ask("shop").status == 200 }
        let random = Mutex(SplitMix64(state: 4))
        @Sendable func chance(_ percent: UInt64) -> Bool {
          random.withLock { $0.next() % 100 < percent }
        }
        let edits = Mutex(0)
        let load = try await client.underLoad("shop", concurrency: 2) {
          cluster.relay.plan { seen in
            if chance(30) { return seen.isWatch && chance(50) ? .gone : .status(500) }
            return seen.isWatch ? .cutAfter(.milliseconds(200 + (chance(50) ? 1_500 : 0))) : .none
          }
          let end = ContinuousClock.now + .seconds(60)
          var round = 0
          while ContinuousClock.now < end {
            round += 1
            try await cluster.apply(Self.route(timeout: 1 + round % 9) + Self.churn(round))
            if round % 2 == 0 {
              try? await cluster.client.delete(
                .services, ObjectKey(namespace: "default", name: "churn-\(round % 5)"))
            }
            if round % 7 == 0 { cluster.relay.cutAll() }
            if round % 20 == 0 {
              await cluster.stopAPI()
              try await Task.sleep(for: .milliseconds(500))
              try await cluster.startAPI()
            }
            edits.withLock { $0 += 1 }
            try await Task.sleep(for: .milliseconds(100))
          }
          cluster.relay.plan { _ in .none }
          cluster.relay.cutAll()
        }
        let seen = cluster.relay.seen.count
        print(
          "30 % errors for 60 s: \(edits.withLock { $0 }) rounds of edits, \(seen) requests of the control "
            + "plane; \(load.total) requests of the mesh, \(load.failures) failed")
        #expect(load.failures == 0, "\(load)")
        try await eventually("everything is live again", within: .seconds(60)) {
          try await cluster.metrics()["skein_degraded"] == 0
        }
        try await Task.sleep(for: .seconds(2))
        try await cluster.awaitSynced(3)
        // Versions are digests of contents: a control plane that has never seen anything before sends
        // nothing to proxies that hold the same.
        await (try cluster.replica(1)).stop()
        try cluster.startReplica(isNew: true)
        try await cluster.awaitReady()
        try await cluster.awaitSynced(3)
        #expect(try await cluster.resourcesSent() == 0)
      }
    }

    @Test(.timeLimit(.minutes(2)))
    func `Replicas share one authority and one leader, and send the same bytes`() async throws {
      try await RunningCluster.run { cluster in
        try cluster.startReplica(1)
        try cluster.startReplica(2)
        try await cluster.awaitReady(1)
        try await cluster.awaitReady(2)
        try await cluster.start(Self.workloads)
        try await cluster.awaitSynced(3)
        let secrets = try await cluster.client.list(.secrets, namespace: "istio-system")
        #expect(
          secrets.compactMap { $0[path: ["metadata", "name"]]?.stringValue } == ["istio-ca-secret"])

        // One leads; when it is killed, the other does its work.
        var leader = 0
        try await eventually("one replica leads") {
          let leaders = try await [1, 2].asyncFilter {
            try await cluster.metrics(of: $0)["skein_leader"] == 1
          }
          leader = leaders.first ?? 0
          return leaders.count == 1
        }
        let root = ObjectKey(namespace: "default", name: "istio-ca-root-cert")
        try await cluster.client.delete(.configMaps, root)
        try await eventually("the root certificate is back") {
          _ = try await cluster.client.get(.configMaps, root)
          return true
        }
        await (try cluster.replica(leader)).crash()
        let other = 3 - leader
        try await cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: late}\n")
        try await eventually("the other replica serves a new namespace") {
          _ = try await cluster.client.get(
            .configMaps, ObjectKey(namespace: "late", name: "istio-ca-root-cert"))
          return try await cluster.metrics(of: other)["skein_leader"] == 1
        }

        // Proxies of replica 1 resume at what is now another process with nothing of its own.
        await (try cluster.replica(1)).crash()
        try cluster.startReplica(1, isNew: true)
        try await cluster.awaitReady(1)
        try await cluster.awaitSynced(3)
        #expect(try await cluster.resourcesSent() == 0)
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `What a lost event should have changed is found and mended`() async throws {
      try await RunningCluster.run { cluster in
        try await cluster.apply(Self.churn(1) + Self.churn(2))
        try cluster.startReplica(auditSeconds: 3)
        try await cluster.awaitReady()
        try await eventually("an audit found nothing to mend") {
          let metrics = try await cluster.metrics()
          return (metrics["skein_audit_runs_total"] ?? 0) >= 1
            && (metrics["skein_audit_objects_compared_total"] ?? 0) > 0
        }
        #expect(try await cluster.metrics()["skein_audit_objects_repaired_total"] == 0)
        cluster.relay.loseEvents(true)
        try await cluster.apply(Self.route(timeout: 3))
        try await cluster.client.delete(
          .services, ObjectKey(namespace: "default", name: "churn-1"))
        try await Task.sleep(for: .milliseconds(500))
        cluster.relay.loseEvents(false)
        try await eventually("both are mended", within: .seconds(30)) {
          try await cluster.metrics()["skein_audit_objects_repaired_total"] == 2
        }
      }
    }

    @Test(
      .timeLimit(.minutes(2)), .enabled(if: TestNetwork.obstacle == nil, "no network namespaces"))
    func `A connection that is dead without a word is found out within 40 s`() async throws {
      let network = try TestNetwork(hosts: ["api", "replica"])
      defer { network.remove() }
      let folder = ChildProgram.temporaryPath("dead")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let (api, host) = (network.address(of: "api"), network.address(of: "replica"))
      func addresses(_ host: String) -> [String] {
        [
          "--grpc-address", host + ":15010", "--secure-grpc-address", host + ":15012",
          "--monitoring-address", host + ":15014", "--http-address", host + ":8080",
        ]
      }
      let server = try MeshProgram(
        "API",
        network.command(
          on: "api",
          [
            RunningMesh.skein, "serve", "--standalone", "--data-dir", folder + "/api",
            "--api-address", api + ":8001",
          ] + addresses(api)), log: folder + "/api.log")
      ChildProgram.write(
        """
        apiVersion: v1
        kind: Config
        current-context: c
        clusters: [{name: c, cluster: {server: "http://\(api):8001"}}]
        contexts: [{name: c, context: {cluster: c, user: u}}]
        users: [{name: u, user: {}}]
        """, to: folder + "/kubeconfig")
      let replica = try MeshProgram(
        "replica",
        network.command(
          on: "replica",
          [
            RunningMesh.skein, "serve", "--kubeconfig", folder + "/kubeconfig", "--data-dir",
            folder + "/replica", "--webhook-address", host + ":15017",
          ] + addresses(host)), log: folder + "/replica.log")
      func ask(_ path: String) -> String {
        network.run(on: "replica", ["/usr/bin/curl", "-s", "http://\(host):8080/\(path)"]).output
      }
      do {
        try await eventually("the control plane is ready") { ask("ready").hasPrefix("ready") }
        // Nothing comes from the API or to it any more, and nobody is told so.
        for chain in ["INPUT", "OUTPUT"] {
          let rule = network.run(on: "api", ["/usr/sbin/iptables", "-I", chain, "-j", "DROP"])
          #expect(rule.status == 0, "\(rule.output)")
        }
        let start = ContinuousClock.now
        try await eventually("the loss is noticed", within: .seconds(60), every: .milliseconds(500))
        {
          (ChildProgram.read(replica.log) ?? "").contains("following a resource failed")
        }
        let time = ContinuousClock.now - start
        print("a dead connection was found out after \(time)")
        #expect(time < .seconds(40))
        await replica.stop()
        await server.stop()
      } catch {
        print(ChildProgram.read(replica.log) ?? "")
        await replica.stop()
        await server.stop()
        throw error
      }
    }

    private static func route(timeout: Int) -> String {
      """
      ---
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: shop, namespace: default}
      spec:
        hosts: [shop]
        http: [{route: [{destination: {host: shop}}], timeout: \(timeout)s}]

      """
    }

    /// Objects that come, change and go.
    private static func churn(_ round: Int) -> String {
      let name = "churn-\(round % 5)"
      return """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: default}
        spec: {clusterIP: 10.96.7.\(1 + round % 5), ports: [{name: http, protocol: TCP, port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: \(name)
          namespace: default
          labels: {kubernetes.io/service-name: \(name)}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [{addresses: [10.1.0.\(1 + round % 200)], conditions: {ready: true}}]

        """
    }
  }
}

extension Array {
  fileprivate func asyncFilter(
    _ isIncluded: (Element) async throws -> Bool
  ) async rethrows -> [Element] {
    var result: [Element] = []
    for element in self where try await isIncluded(element) { result.append(element) }
    return result
  }
}
