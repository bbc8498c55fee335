internal import Hummingbird
internal import KubernetesAPI
internal import StreamingJSON

/// A request to the embedded API, taken apart.
struct APIRequest {
  /// What a path names.
  enum Target {
    case document([String])
    case health
    case collection(KubernetesResource, version: String, namespace: String?)
    case object(KubernetesResource, version: String, namespace: String, name: String, status: Bool)
    case tokenRequest(account: ObjectKey)
    case tokenReview
  }

  let target: Target
  let query: [String: String]
  let accept: String
  let contentType: String
  let userAgent: String

  /// Takes a request apart; throws when its path names nothing.
  init(_ request: Request) throws(APIStatus) {
    accept = request.headers[.accept] ?? ""
    contentType = request.headers[.contentType] ?? ""
    userAgent = request.headers[.userAgent] ?? ""
    var query: [String: String] = [:]
    for (key, value) in request.uri.queryParameters {
      query[String(key)] = String(value).replacing("+", with: " ").removingURLPercentEncoding()
    }
    self.query = query
    let path = request.uri.path.split(separator: "/").map {
      String($0).removingURLPercentEncoding()
    }
    guard path.count <= 12, let target = Self.target(path) else { throw .unknownPath }
    self.target = target
  }

  /// Whether a parameter is set to something true.
  func isSet(_ name: String) -> Bool {
    ["1", "true", "True"].contains(query[name] ?? "")
  }

  /// The version of the `Table` the client prefers over objects.
  var tableVersion: String? {
    for part in accept.split(separator: ",") {
      let parameters = part.split(separator: ";").map {
        String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard parameters.first == "application/json" else { continue }
      guard parameters.contains("as=Table") else { return nil }
      return parameters.first { $0.hasPrefix("v=") }.map { String($0.dropFirst(2)) } ?? "v1"
    }
    return nil
  }

  private static func target(_ path: [String]) -> Target? {
    if ["healthz", "livez", "readyz"].contains(path.first) { return .health }
    var rest: ArraySlice<String>
    let group: String
    let version: String
    switch path.first {
    case "api" where path.count > 2:
      (group, version, rest) = ("", path[1], path[2...])
    case "apis" where path.count > 3:
      (group, version, rest) = (path[1], path[2], path[3...])
    default: return .document(path)
    }
    if group == "authentication.k8s.io" { return rest == ["tokenreviews"] ? .tokenReview : nil }
    var namespace: String?
    if rest.first == "namespaces", rest.count > 2 {
      let name = rest[rest.startIndex + 1]
      let next = rest[rest.startIndex + 2]
      if !(rest.count == 3 && ["status", "finalize"].contains(next)) {
        namespace = name
        rest = rest.dropFirst(2)
      }
    }
    guard let plural = rest.first,
      let resource = KubernetesResource.all.first(where: {
        $0.group == group && $0.plural == plural && $0.versions.contains(version)
      })
    else { return nil }
    if namespace != nil, !resource.isNamespaced { return nil }
    let names = Array(rest.dropFirst())
    switch names.count {
    case 0: return .collection(resource, version: version, namespace: namespace)
    case 1, 2:
      if resource.isNamespaced, namespace == nil { return nil }
      if resource == .serviceAccounts, let namespace, names.last == "token", names.count == 2 {
        return .tokenRequest(account: ObjectKey(namespace: namespace, name: names[0]))
      }
      guard names.count == 1 || names[1] == "status" else { return nil }
      return .object(
        resource, version: version, namespace: namespace ?? "", name: names[0],
        status: names.count == 2)
    default: return nil
    }
  }
}

extension String {
  /// The text with `%XX` replaced by the bytes they stand for.
  fileprivate func removingURLPercentEncoding() -> String {
    guard utf8.contains(UInt8(ascii: "%")) else { return self }
    var out: [UInt8] = []
    let bytes = Array(utf8)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(
          String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        out.append(value)
        index += 3
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
