internal import KubernetesAPI
internal import MeshModel
internal import OpenSSLCrypto
internal import StreamingJSON

/// Secrets as TLS material (contract §4.5).
enum SecretConversion {
  /// Types whose certificates are the cluster's own business.
  private static let ignoredTypes: Set<String> = [
    "kubernetes.io/service-account-token", "helm.sh/release.v1", "bootstrap.kubernetes.io/token",
    "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg",
  ]

  /// What of a secret a gateway can use; nil where it is for something else.
  static func contents(_ secret: Secret) -> TLSSecret.Contents? {
    guard !ignoredTypes.contains(secret.type) else { return nil }
    var contents = TLSSecret.Contents()
    if let (chain, key) = keyPair(secret) {
      contents.keyPair = TLSSecret.KeyPair(chain: chain.bytes, privateKey: key.bytes)
    }
    contents.roots = roots(secret)?.bytes ?? []
    return contents == TLSSecret.Contents() ? nil : contents
  }

  /// What is wrong with the TLS material; Envoy would refuse it.
  static func validate(_ secret: Secret) -> [FieldIssue] {
    guard !ignoredTypes.contains(secret.type) else { return [] }
    var issues: [FieldIssue] = []
    if let (chain, key) = keyPair(secret) { issues += judge(chain, key) }
    if let roots = roots(secret), let problem = certificates(roots).problem {
      issues.append(issue(roots.name, problem))
    }
    return issues
  }

  private typealias Entry = (name: String, bytes: [UInt8])

  private static func keyPair(_ secret: Secret) -> (chain: Entry, key: Entry)? {
    for (chain, key) in [("cert", "key"), ("tls.crt", "tls.key")] {
      if let chainBytes = secret.data[chain], let keyBytes = secret.data[key] {
        return ((chain, chainBytes), (key, keyBytes))
      }
    }
    return nil
  }

  private static func roots(_ secret: Secret) -> Entry? {
    for name in ["cacert", "ca.crt"] {
      if let bytes = secret.data[name], !bytes.isEmpty { return (name, bytes) }
    }
    return nil
  }

  private static func judge(_ chain: Entry, _ key: Entry) -> [FieldIssue] {
    let (found, problem) = certificates(chain)
    if let problem { return [issue(chain.name, problem)] }
    do throws(CryptoError) {
      let publicKey = try PrivateKey(pem: String(decoding: key.bytes, as: UTF8.self)).publicKey()
      if let leaf = found.first, leaf.publicKey != publicKey {
        return [issue(key.name, "is not the key of the certificate in \(chain.name)")]
      }
      return []
    } catch {
      // The reason quotes nothing of the key.
      return [issue(key.name, "is no private key in PEM: \(error.reason)")]
    }
  }

  private static func certificates(_ entry: Entry) -> (found: [Certificate], problem: String?) {
    do throws(CryptoError) {
      let found = try Certificate.parse(pem: String(decoding: entry.bytes, as: UTF8.self))
      return (found, found.isEmpty ? "holds no certificate in PEM" : nil)
    } catch {
      return ([], "holds a certificate that cannot be read: \(error.reason)")
    }
  }

  private static func issue(_ name: String, _ message: String) -> FieldIssue {
    FieldIssue(
      path: JSONPath.member(name, of: "data"), message: message,
      remedy: "store a PEM certificate chain, leaf first, with its unencrypted key")
  }
}
