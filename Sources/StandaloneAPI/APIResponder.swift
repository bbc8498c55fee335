internal import Hummingbird
internal import KubernetesAPI
internal import Logging
internal import NIOCore
internal import StreamingJSON

/// Answers the requests of Kubernetes clients from the store.
struct APIResponder: Sendable {
  let store: ObjectStore
  let tokens: ServiceAccountTokens
  /// Set when callers have to say who they are.
  let authentication: APIAuthentication?
  let now: @Sendable () -> Timestamp
  let logger: Logger

  /// Answers one request; every refusal becomes a `Status` object.
  func respond(to request: Request) async -> Response {
    do {
      return try await answer(request)
    } catch let status as APIStatus {
      return Self.response(status: status.code, status.object)
    } catch is CancellationError {
      return Self.response(status: 503, APIStatus.internalError("the server is stopping").object)
    } catch {
      logger.error(
        "request failed", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
      let status = APIStatus.internalError("the store failed: \(error)")
      return Self.response(status: status.code, status.object)
    }
  }

  private func answer(_ request: Request) async throws -> Response {
    let parsed = try APIRequest(request)
    try await admit(request, parsed.target)
    switch parsed.target {
    case .health: return Self.text("ok")
    case .tokenRequest(let account):
      guard request.method == .post else { throw APIStatus.methodNotAllowed }
      let answer = try await TokenRequests(tokens: tokens, now: now()).create(
        for: account, try await json(request, TokenRequests.tokenRequest))
      return Self.response(status: 201, answer)
    case .tokenReview:
      guard request.method == .post else { throw APIStatus.methodNotAllowed }
      let answer = try await TokenRequests(tokens: tokens, now: now()).review(
        try await json(request, TokenRequests.tokenReview))
      return Self.response(status: 201, answer)
    case .document(let path):
      guard request.method == .get else { throw APIStatus.methodNotAllowed }
      if let document = tokens.document(path: path) {
        return Self.response(status: 200, document)
      }
      if path == ["openapi", "v2"], parsed.accept.contains("openapi.spec.v2"),
        parsed.accept.contains("protobuf")
      {
        return Self.protobuf(APIDiscovery.openAPIv2Protobuf)
      }
      guard let document = APIDiscovery.document(path: path) else { throw APIStatus.unknownPath }
      return Self.response(status: 200, document)
    case .collection(let resource, let version, let namespace):
      let handler = ResourceHandler(
        resource: resource, version: version, store: store, now: now(), request: parsed)
      switch request.method {
      case .get where parsed.isSet("watch"):
        return try await WatchStream(handler: handler, namespace: namespace, now: now)
          .response(to: request)
      case .get: return try await handler.list(namespace: namespace)
      case .post:
        return try await handler.create(namespace: namespace, body: try await body(request))
      case .delete:
        return try await handler.deleteAll(namespace: namespace, body: try await body(request))
      default: throw APIStatus.methodNotAllowed
      }
    case .object(let resource, let version, let namespace, let name, let isStatus):
      let handler = ResourceHandler(
        resource: resource, version: version, store: store, now: now(), request: parsed,
        isStatus: isStatus)
      let key = ObjectKey(namespace: namespace, name: name)
      switch request.method {
      case .get: return try await handler.get(key)
      case .put: return try await handler.update(key, body: try await body(request))
      case .patch: return try await handler.patch(key, body: try await body(request))
      case .delete where !isStatus:
        return try await handler.delete(key, body: try await body(request))
      default: throw APIStatus.methodNotAllowed
      }
    }
  }

  private func admit(_ request: Request, _ target: APIRequest.Target) async throws {
    guard let authentication else { return }
    var attempt = APIAuthentication.Attempt(isRead: [.get, .head].contains(request.method))
    switch target {
    case .health: return
    case .document, .tokenRequest: break
    case .tokenReview: attempt.isTokenReview = true
    case .collection(let resource, _, _), .object(let resource, _, _, _, _):
      attempt.resource = resource
    }
    try await authentication.admit(
      authorization: request.headers[.authorization], attempt, now: now().seconds)
  }

  private func json(
    _ request: Request, _ protobuf: ([UInt8]) throws(APIStatus) -> JSONValue
  ) async throws(APIStatus) -> JSONValue {
    let type = request.headers[.contentType] ?? ""
    let bytes = try await body(request)
    if type.hasPrefix(ProtobufObject.mediaType) { return try protobuf(bytes) }
    guard type.isEmpty || type.contains("json") else { throw .unsupportedMediaType(type) }
    do throws(JSONDecodingError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .badRequest("the body is not JSON: \(error)")
    }
  }

  private func body(_ request: Request) async throws(APIStatus) -> [UInt8] {
    do {
      let buffer = try await request.body.collect(upTo: Self.maximumBodySize)
      return Array(buffer.readableBytesView)
    } catch {
      throw .tooLarge(ObjectAdmission.maximumObjectSize)
    }
  }

  /// Bodies may be larger than objects: a patch carries both the old and the new text of one.
  private static let maximumBodySize = 2 * ObjectAdmission.maximumObjectSize

  // MARK: Responses

  static func response(
    status: Int, _ object: JSONValue, warnings: [String] = []
  ) -> Response {
    json(status: status, object.serialized(), warnings: warnings)
  }

  static func json(status: Int, _ bytes: [UInt8], warnings: [String] = []) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    if let name = HTTPFields.Element.Name("Warning") {
      for warning in warnings.prefix(20) {
        headers.append(HTTPFields.Element(name: name, value: "299 - \"\(quoted(warning))\""))
      }
    }
    return Response(
      status: .init(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private static func text(_ text: String) -> Response {
    Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  private static func protobuf(_ bytes: [UInt8]) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// Text that can stand in a quoted string of a header.
  private static func quoted(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars.prefix(500) where scalar.value >= 0x20 && scalar.value < 0x7F
    {
      if scalar == "\"" || scalar == "\\" { out += "\\" }
      out.unicodeScalars.append(scalar)
    }
    return out
  }
}
