import MeshIngest
import MeshModel
import MeshTesting
import Testing

@Suite struct SecretTests {
  static let key = ConfigKey(.secret, namespace: "default", name: "web")

  @Test func `A bad secret is reported without its bytes and the last good one stays`() throws {
    let mesh = try MeshDocuments(
      Self.secret(certificate: TestCertificate.certificate, key: TestCertificate.privateKey))
    let good = Self.secret(in: mesh)
    guard case .held(let contents)? = good else {
      Issue.record("\(String(describing: good))")
      return
    }
    #expect(contents.keyPair != nil && contents.roots.isEmpty)
    #expect(mesh.ingest.reports.isEmpty)

    try mesh.apply(Self.secret(certificate: TestCertificate.certificate, key: "    hunter2"))
    #expect(Self.secret(in: mesh) == good)
    let report = try #require(mesh.ingest.reports.first)
    #expect(report.isRejected && "\(report.subject)" == "Secret/default/web")
    #expect(report.issues.map(\.path) == ["data[\"tls.key\"]"])
    #expect(!"\(report.issues)".contains("hunter2"))

    try mesh.apply(Self.secret(certificate: "    nothing", key: TestCertificate.privateKey))
    #expect(mesh.ingest.reports.first?.issues.map(\.path) == ["data[\"tls.crt\"]"])
    #expect(Self.secret(in: mesh) == good)
  }

  @Test func `A key of another certificate is refused`() throws {
    let mesh = try MeshDocuments(
      Self.secret(certificate: TestCertificate.certificate, key: TestCertificate.otherKey))
    #expect(Self.secret(in: mesh) == nil)
    let issue = try #require(mesh.ingest.reports.first?.issues.first)
    #expect("\(issue)".contains("is not the key of the certificate in tls.crt"), "\(issue)")
  }

  @Test func `A deleted secret is remembered as withdrawn, without its key`() throws {
    let mesh = try MeshDocuments(
      Self.secret(certificate: TestCertificate.certificate, key: TestCertificate.privateKey))
    try mesh.delete(
      Self.secret(certificate: TestCertificate.certificate, key: TestCertificate.privateKey))
    #expect(Self.secret(in: mesh) == .withdrawn)
  }

  @Test func `Secrets of no use to a gateway are neither kept nor judged`() throws {
    let mesh = try MeshDocuments(
      """
      apiVersion: v1
      kind: Secret
      metadata: {name: web, namespace: default}
      type: kubernetes.io/service-account-token
      stringData: {ca.crt: not a certificate, token: x}
      """)
    #expect(Self.secret(in: mesh) == nil && mesh.ingest.reports.isEmpty)
  }

  private static func secret(in mesh: MeshDocuments) -> TLSSecret? {
    var reader = SnapshotReader(mesh.snapshot)
    return reader.secret(key)
  }

  private static func secret(certificate: String, key: String) -> String {
    """
    apiVersion: v1
    kind: Secret
    metadata: {name: web, namespace: default}
    type: kubernetes.io/tls
    stringData:
      tls.crt: |
    \(certificate)
      tls.key: |
    \(key)
    """
  }
}
