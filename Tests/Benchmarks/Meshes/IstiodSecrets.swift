internal import KubernetesAPI
internal import MeshTesting

extension IstiodObjects {
  /// A gateway with as many certificates, each of a host and in a Secret of its own.
  static func secrets(_ count: Int) -> String {
    let servers = (0..<count).map { index in
      """
        - port: {number: 443, name: https-\(index), protocol: HTTPS}
          hosts: [host-\(index).example.org]
          tls: {mode: SIMPLE, credentialName: sds-credential-\(index)}
      """
    }
    let gateway = """
      ---
      apiVersion: networking.istio.io/v1
      kind: Gateway
      metadata: {name: secrets}
      spec:
        selector: {istio.io/benchmark: "true"}
        servers:
      \(servers.joined(separator: "\n"))

      """
    let chain = base64(TestCertificate.certificate)
    let key = base64(TestCertificate.privateKey)
    let secrets = (0..<count).map { index in
      """
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: sds-credential-\(index)}
      type: kubernetes.io/tls
      data: {tls.crt: \(chain), tls.key: \(key)}

      """
    }
    return gateway + secrets.joined()
  }

  /// The base64 of a PEM text that is indented for YAML.
  static func base64(_ text: String) -> String {
    let lines = text.split(separator: "\n").map { line in line.drop { $0 == " " } }
    return Base64.encode(Array((lines.joined(separator: "\n") + "\n").utf8))
  }
}
