import Testing

extension EndToEnd {
  /// Workloads whose traffic iptables sends through their Envoys, and what is on the wire between.
  @Suite(
    .serialized, .enabled(if: TestNetwork.obstacle == nil, "there are no network namespaces"),
    .interceptedMesh)
  struct InterceptionTests {
    let mesh: InterceptedMesh
    let question = "question-\(UInt64.random(in: 0 ... .max))"

    init() throws {
      mesh = try #require(InterceptedMesh.current)
    }

    private var server: String { mesh.serverEnd }
    private var client: String { mesh.network.address(of: "client") + ":" }
    private var outside: String { mesh.network.address(of: "outside") + ":" }
    /// Who speaks with the server past any Envoy: a host without one, and a user with its privilege.
    private var uncaptured: [(host: String, source: String, user: Int)] {
      [
        ("outside", outside, TestNetwork.applicationUser),
        ("client", client, TestNetwork.proxyUser),
      ]
    }
    private var service: String {
      "http://\(InterceptedMesh.clusterIP):\(InterceptedMesh.servicePort)/"
    }

    @Test(.timeLimit(.minutes(1)))
    func `What applications say in plaintext is TLS on the wire, and the server sees who calls`()
      async throws
    {
      try await require("STRICT")
      let capture = try await mesh.capturing {
        let reply = mesh.ask(service + question, from: "client", mark: question)
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.answer.name == mesh.serverName)
        #expect(reply.answer.requestHeader("x-mark") == question)
        let caller = "URI=spiffe://cluster.local/ns/default/sa/client"
        #expect(reply.answer.clientCertificate.contains(caller), "\(reply)")
      }
      #expect(!capture.contains(question))
      #expect(!capture.contains(mesh.serverName))
      let virtual = InterceptedMesh.clusterIP + ":"
      #expect(!capture.segments.contains { $0.destination.hasPrefix(virtual) })
      for streams in [
        capture.streams(from: client, to: server), capture.streams(from: server, to: client),
      ] {
        let types = streams.map { PacketCapture.recordTypes($0) }
        #expect(!types.isEmpty && !types.contains(nil), "\(types)")
        #expect(
          types.contains { $0?.first == .handshake && $0?.contains(.applicationData) == true },
          "\(types)")
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `STRICT resets plaintext to the application's port, which the application never sees`()
      async throws
    {
      try await require("STRICT")
      for (host, source, user) in uncaptured {
        let capture = try await mesh.capturing {
          let reply = mesh.ask("http://\(server)/", from: host, user: user, mark: question)
          #expect(reply.code == InterceptedMesh.Reply.connectionReset, "\(reply)")
        }
        #expect(capture.contains(question))
        #expect(!capture.contains(mesh.serverName))
        #expect(
          capture.segments.contains {
            $0.isReset && $0.source == server && $0.destination.hasPrefix(source)
          }, "\(capture.segments)")
      }
    }

    /// The proof that the capture of the first test can see what it does not.
    @Test(.timeLimit(.minutes(1)))
    func `PERMISSIVE takes plaintext of a client that is not captured, and the wire shows it`()
      async throws
    {
      try await require("PERMISSIVE")
      for (host, source, user) in uncaptured {
        let capture = try await mesh.capturing {
          let reply = mesh.ask("http://\(server)/", from: host, user: user, mark: question)
          #expect(reply.status == 200, "\(reply)")
          #expect(reply.answer.requestHeader("x-mark") == question)
          #expect(!reply.answer.clientCertificate.contains("spiffe://"), "\(reply)")
        }
        #expect(capture.contains(question))
        #expect(capture.contains(mesh.serverName))
        let streams = capture.streams(from: source, to: server)
        #expect(streams.map { PacketCapture.recordTypes($0) } == [nil])
      }
    }

    /// Waits until the server has the mode and the service answers.
    private func require(_ mode: String) async throws {
      try mesh.setMode(mode)
      let isStrict = mode == "STRICT"
      try await eventually("the mode is \(mode)") {
        let reply = mesh.ask("http://\(server)/", from: "outside")
        return isStrict ? reply.code != 0 : reply.status == 200
      }
      try await eventually("the service answers") {
        mesh.ask(service, from: "client").status == 200
      }
    }
  }
}
