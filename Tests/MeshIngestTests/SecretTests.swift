import MeshIngest
import MeshModel
import MeshTesting
import Testing

@Suite struct SecretTests {
  static let key = ConfigKey(.secret, namespace: "default", name: "web")

  @Test func `A bad secret is reported without its bytes and the last good one stays`() throws {
    let mesh = try MeshDocuments(Self.secret(certificate: Self.certificate, key: Self.privateKey))
    let good = Self.secret(in: mesh)
    guard case .held(let contents)? = good else {
      Issue.record("\(String(describing: good))")
      return
    }
    #expect(contents.keyPair != nil && contents.roots.isEmpty)
    #expect(mesh.ingest.reports.isEmpty)

    try mesh.apply(Self.secret(certificate: Self.certificate, key: "    hunter2"))
    #expect(Self.secret(in: mesh) == good)
    let report = try #require(mesh.ingest.reports.first)
    #expect(report.isRejected && "\(report.subject)" == "Secret/default/web")
    #expect(report.issues.map(\.path) == ["data[\"tls.key\"]"])
    #expect(!"\(report.issues)".contains("hunter2"))

    try mesh.apply(Self.secret(certificate: "    nothing", key: Self.privateKey))
    #expect(mesh.ingest.reports.first?.issues.map(\.path) == ["data[\"tls.crt\"]"])
    #expect(Self.secret(in: mesh) == good)
  }

  @Test func `A key of another certificate is refused`() throws {
    let mesh = try MeshDocuments(Self.secret(certificate: Self.certificate, key: Self.otherKey))
    #expect(Self.secret(in: mesh) == nil)
    let issue = try #require(mesh.ingest.reports.first?.issues.first)
    #expect("\(issue)".contains("is not the key of the certificate in tls.crt"), "\(issue)")
  }

  @Test func `A deleted secret is remembered as withdrawn, without its key`() throws {
    let mesh = try MeshDocuments(Self.secret(certificate: Self.certificate, key: Self.privateKey))
    try mesh.delete(Self.secret(certificate: Self.certificate, key: Self.privateKey))
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

  // Made for these tests; nobody trusts them.
  private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBsDCCAVagAwIBAgIUCNN8x/ia3LCtFro5sYZUwUqVtuIwCgYIKoZIzj0EAwIw
        HTEbMBkGA1UEAwwSc2VjdXJlLmV4YW1wbGUuY29tMCAXDTI2MTEyNTE3MTY1NVoY
        DzIxMjYxMTAxMTcxNjU1WjAdMRswGQYDVQQDDBJzZWN1cmUuZXhhbXBsZS5jb20w
        WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASreEfp30XNZGmW0+wKF42eARTAQNZw
        gCvYISRVaarTRMgdcWGZXafMNDbPn1a7MLS5+GyO2mDDkP+/yTfQgUpFo3IwcDAd
        BgNVHQ4EFgQUUXK++n05nernab+h8R77YWqEMZMwHwYDVR0jBBgwFoAUUXK++n05
        nernab+h8R77YWqEMZMwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJzZWN1
        cmUuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAwRQIgIHE0vBvPmeCApi1himLg
        msE0lTaD1bDRKOOc1CX/9/ICIQDpo9zbNZBRo3bj/inyOHouUeT83Ceyz/lBoUXe
        9deqJg==
        -----END CERTIFICATE-----
    """
  private static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjEz4ERmwvvhBq6du
        JUj6ODK/Rcr4X839JuOMYzkFLSKhRANCAASreEfp30XNZGmW0+wKF42eARTAQNZw
        gCvYISRVaarTRMgdcWGZXafMNDbPn1a7MLS5+GyO2mDDkP+/yTfQgUpF
        -----END PRIVATE KEY-----
    """
  private static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqAZgWA9NvQHXKqDW
        ibI/soqJ/1PY1By4EvYkfuHzocuhRANCAASn5/pBUM3loMOs7dsDoySbFJSALmZD
        a6u9/y7j1/6RNiBmkn5bM/cKhr8wl/pjARCBZZVx83j4xNuj9a4kTAg4
        -----END PRIVATE KEY-----
    """
}
