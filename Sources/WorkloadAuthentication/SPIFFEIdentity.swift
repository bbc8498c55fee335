/// The identity of a workload: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.
package struct SPIFFEIdentity: Hashable, Sendable, CustomStringConvertible {
  /// The trust domain, lower case.
  package let trustDomain: String
  /// The Kubernetes namespace.
  package let namespace: String
  /// The Kubernetes service account.
  package let serviceAccount: String

  /// An identity from its parts; nil when one is empty or has characters that a SPIFFE ID may not
  /// have (SPIFFE-ID, section 2).
  package init?(trustDomain: String, namespace: String, serviceAccount: String) {
    guard Self.isTrustDomain(trustDomain), Self.isSegment(namespace),
      Self.isSegment(serviceAccount)
    else { return nil }
    self.trustDomain = trustDomain
    self.namespace = namespace
    self.serviceAccount = serviceAccount
  }

  /// Parses the URI form; nil for any other form of SPIFFE ID.
  package init?(uri: String) {
    let prefix = "spiffe://"
    guard uri.utf8.count <= 2048, uri.utf8.starts(with: prefix.utf8) else { return nil }
    let parts = uri.utf8.dropFirst(prefix.utf8.count)
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String($0) ?? "" }
    guard parts.count == 5, parts[1] == "ns", parts[3] == "sa" else { return nil }
    self.init(trustDomain: parts[0], namespace: parts[2], serviceAccount: parts[4])
  }

  /// The URI form.
  package var description: String {
    "spiffe://\(trustDomain)/ns/\(namespace)/sa/\(serviceAccount)"
  }

  private static func isTrustDomain(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func isSegment(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
