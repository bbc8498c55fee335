internal import KubernetesAPI

/// Where the next page of a list begins: after an object, as of the revision of the first page.
struct ContinueToken: Hashable {
  var revision: Int64
  var key: ObjectKey

  init(revision: Int64, key: ObjectKey) {
    self.revision = revision
    self.key = key
  }

  /// Reads the token a client gives back.
  init(_ text: String) throws(APIStatus) {
    let parts = Base64.decode(text).map {
      String(decoding: $0, as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
    }
    guard let parts, parts.count == 3, let revision = Int64(parts[0]) else {
      throw .badRequest("the continue token is malformed")
    }
    self.revision = revision
    key = ObjectKey(namespace: String(parts[1]), name: String(parts[2]))
  }

  /// The token as clients see it.
  var text: String { Base64.encode(Array("\(revision)/\(key.namespace)/\(key.name)".utf8)) }
}
