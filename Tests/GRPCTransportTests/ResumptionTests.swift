import GRPCTransport
import MeshTesting
import NIOCore
import OpenSSLCrypto
import Testing

/// A client that resumes a TLS session does not present its certificate again, and Envoy resumes.
@Suite struct ResumptionTests {
  static let python = EnvoyBinary.packageFolder + "/.tools/python/bin/python"

  /// Opens a call twice with Python's TLS, the second time in the session of the first, and prints
  /// which handshakes were resumed ones.
  static let client = """
    import socket, ssl, struct, sys
    port, roots, chain, key = int(sys.argv[1]), *sys.argv[2:5]
    context = ssl.create_default_context(cafile=roots)
    context.load_cert_chain(chain, key)
    context.set_alpn_protocols(["h2"])
    if sys.argv[5] == "1.2": context.maximum_version = ssl.TLSVersion.TLSv1_2
    def text(s): return bytes([len(s)]) + s.encode()
    def header(name, value): return b"\\0" + text(name) + text(value)
    def frame(kind, flags, stream, data):
      return struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + data
    fields = header(":method", "POST") + header(":scheme", "https") + header(":path", "/test.Echo/Stream")
    fields += header(":authority", "istiod.test") + header("content-type", "application/grpc")
    fields += header("te", "trailers")
    request = b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + frame(4, 0, 0, b"") + frame(1, 4, 1, fields)
    request += frame(0, 1, 1, b"\\0\\0\\0\\0\\1x")
    session = None
    for _ in range(2):
      plain = socket.create_connection(("127.0.0.1", port), timeout=20)
      with context.wrap_socket(plain, server_hostname="istiod.test", session=session) as tls:
        tls.sendall(request)
        answer, ended = b"", False
        while not ended:
          data = tls.recv(65536)
          if not data: break
          answer += data
          while len(answer) >= 9 and len(answer) >= 9 + int.from_bytes(answer[:3], "big"):
            ended = ended or answer[3] == 1 and answer[4] & 1
            answer = answer[9 + int.from_bytes(answer[:3], "big"):]
        session = tls.session
        print("resumed" if tls.session_reused else "new", "answered" if ended else "closed")
    """

  @Test(
    .enabled(if: ChildProgram.read(python) != nil, "SKIPPED: no Python; run make deps"),
    arguments: ["1.2", "1.3"])
  func `The certificate of a resumed session is shown to the service`(version: String) async throws
  {
    let authority = try TLSTests.Authority()
    let server = try authority.issue([.dns("istiod.test")])
    let client = try authority.issue([.uri("spiffe://test/ns/a/sa/b")])
    let tls = try GRPCServerTLS(
      certificateChainPEM: server.chain, privateKeyPEM: server.key
    ) { _ in true }
    var paths: [String] = []
    for (name, text) in [
      ("roots", authority.certificate.pem), ("chain", client.chain), ("key", client.key),
      ("client.py", Self.client),
    ] {
      let path = ChildProgram.temporaryPath(name)
      ChildProgram.write(text, to: path)
      paths.append(path)
    }
    defer { _ = ChildProgram.run("/bin/rm", ["-f"] + paths) }
    let service = EchoService()
    try await withServer(services: [service], tls: tls) { address, _ in
      guard case .hostPort(_, let port) = address else { return }
      let result = ChildProgram.run(
        Self.python, [paths[3], "\(port)"] + paths[..<3] + [version])
      #expect(result.output == "new answered\nresumed answered\n")
      let leaves = service.peers.withLock { $0.map(\.certificateChainDER.first) }
      let uris = try leaves.map { try Certificate(der: try #require($0)).uris }
      #expect(uris == [["spiffe://test/ns/a/sa/b"], ["spiffe://test/ns/a/sa/b"]])
    }
  }
}
