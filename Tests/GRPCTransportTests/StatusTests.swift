import GRPCTransport
import Testing

@Suite struct StatusTests {
  @Test(arguments: [
    ("127.0.0.1:15010", GRPCAddress.hostPort(host: "127.0.0.1", port: 15010)),
    ("[::1]:80", .hostPort(host: "::1", port: 80)),
    (":15012", .hostPort(host: "0.0.0.0", port: 15012)),
    ("unix:/tmp/x", .unixSocket(path: "/tmp/x")),
    ("localhost", nil), ("a:99999", nil), ("unix:", nil), ("a:-1", nil),
  ])
  func `Addresses are read`(text: String, expected: GRPCAddress?) {
    #expect(GRPCAddress(text) == expected)
  }

  @Test(arguments: [
    ("/a.B/C", true), ("a.B/C", false), ("/a.B/", false), ("/a.B/C/D", false), ("/", false),
    ("", false), ("//C", false),
  ])
  func `Method paths have two parts`(header: String, valid: Bool) {
    #expect((GRPCMethodPath(header: header) != nil) == valid)
  }
}
