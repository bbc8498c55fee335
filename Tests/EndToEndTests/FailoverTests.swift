import StreamingJSON
import Testing

extension EndToEnd {
  /// A mesh without its control plane, and what the control plane does when it is back.
  @Suite(
    .serialized,
    .mesh([
      .init("client", app: "client"), .init("a", app: "shop"), .init("b", app: "shop"),
    ]))
  struct FailoverTests {
    @Test(.timeLimit(.minutes(1)))
    func `Killing the control plane fails no request, and proxies resume with nothing sent`()
      async throws
    {
      let mesh = try #require(RunningMesh.current)
      let client = try mesh["client"]
      let before = try await mesh.resourcesSent()["vhds"] ?? 0
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop, namespace: default}
        spec:
          hosts: [shop]
          http: [{route: [{destination: {host: shop}}], timeout: 9s}]
        """, as: "shop")
      // Whatever is still under way would be sent by the next control plane.
      try await eventually("the route is sent") {
        try await mesh.resourcesSent()["vhds"] ?? 0 > before
      }
      try await eventually("the mesh answers") { try await client.ask("shop").status == 200 }
      try await mesh.awaitSynced(proxies: 3)
      let load = try await client.underLoad("shop") {
        await mesh.controlPlane.crash()
        let count = try await client.ask("shop", count: 300)
        #expect(count.failures == 0, "\(count)")
        try await mesh.restartControlPlane()
        try await mesh.awaitSynced(proxies: 3)
      }
      print("control plane killed under load: \(load.total) requests, \(load.failures) failed")
      #expect(load.failures == 0, "\(load)")
      #expect(try await mesh.resourcesSent().filter { $0.value != 0 } == [:])

      // The proof that the count counts: a change is sent, and it alone.
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop, namespace: default}
        spec:
          hosts: [shop]
          http: [{route: [{destination: {host: shop}}], timeout: 8s}]
        """, as: "shop")
      try await eventually("the change is sent") {
        try await mesh.resourcesSent().filter { $0.value != 0 } == ["vhds": 1]
      }
    }
  }
}
