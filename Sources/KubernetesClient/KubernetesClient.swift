internal import AsyncHTTPClient
package import KubernetesAPI
package import Logging
internal import NIOCore
internal import NIOHTTP1
package import NIOSSL
package import StreamingJSON

/// A client of the Kubernetes API: one object at a time, or following whole resources.
///
/// Call ``shutdown()`` when done with it.
package final class KubernetesClient: Sendable {
  /// Where the API is and who asks.
  package struct Configuration: Sendable {
    /// The address, such as `https://10.96.0.1:443`, without a path.
    package var baseURL: String
    /// Gives the bearer token for each request, so that a rotated one is picked up.
    package var bearerToken: (@Sendable () async throws -> String?)?
    /// How the server is verified and the client identifies itself; only used with `https`.
    package var tls: TLSConfiguration?

    /// Creates a configuration.
    package init(
      baseURL: String, bearerToken: (@Sendable () async throws -> String?)? = nil,
      tls: TLSConfiguration? = nil
    ) {
      self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
      self.bearerToken = bearerToken
      self.tls = tls
    }
  }

  /// An answer that is not an error.
  package struct Answer: Hashable, Sendable {
    /// The object.
    package var object: JSONValue
    /// What the server wants the user to know.
    package var warnings: [String]
    /// Whether the object was created by the request.
    package var isCreated: Bool
  }

  private let configuration: Configuration
  private let http: HTTPClient
  let logger: Logger

  /// Creates a client.
  package init(configuration: Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    var settings = HTTPClient.Configuration()
    settings.timeout.connect = .seconds(10)
    settings.tlsConfiguration = configuration.tls
    settings.redirectConfiguration = .disallow
    // Each followed resource holds one connection for as long as it is followed.
    // Trying again is the business of whoever follows a resource.
    settings.connectionPool.retryConnectionEstablishment = false
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  /// Closes every connection.
  package func shutdown() async {
    do {
      try await http.shutdown()
    } catch {
      logger.debug("closing connections failed", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Single objects

  /// Reads an object.
  package func get(
    _ resource: KubernetesResource, _ key: ObjectKey
  ) async throws(KubernetesClientError) -> JSONValue {
    try await send(
      .GET, resource.path(namespace: key.namespace, name: key.name)
    ).object
  }

  /// Reads every object of a resource, in one namespace or in all.
  package func list(
    _ resource: KubernetesResource, namespace: String? = nil
  ) async throws(KubernetesClientError) -> [JSONValue] {
    let answer = try await send(.GET, resource.path(namespace: namespace))
    return answer.object["items"]?.arrayValue ?? []
  }

  /// Makes an object be as written, creating it if need be (server-side apply as `skein`).
  package func apply(
    _ object: JSONValue, as resource: KubernetesResource, version: String? = nil, key: ObjectKey,
    isDryRun: Bool = false
  ) async throws(KubernetesClientError) -> Answer {
    let path = resource.path(version: version, namespace: key.namespace, name: key.name)
    return try await send(
      .PATCH, path + "?fieldManager=skein&force=true" + (isDryRun ? "&dryRun=All" : ""),
      body: object.serialized(), type: "application/apply-patch+yaml")
  }

  /// Writes the status of an object (server-side apply of the subresource as `skein`).
  package func applyStatus(
    _ object: JSONValue, as resource: KubernetesResource, key: ObjectKey
  ) async throws(KubernetesClientError) -> Answer {
    let path = resource.path(namespace: key.namespace, name: key.name)
    return try await send(
      .PATCH, path + "/status?fieldManager=skein&force=true", body: object.serialized(),
      type: "application/apply-patch+yaml")
  }

  /// Creates an object.
  package func create(
    _ object: JSONValue, as resource: KubernetesResource, namespace: String
  ) async throws(KubernetesClientError) -> Answer {
    try await send(
      .POST, resource.path(namespace: namespace), body: object.serialized())
  }

  /// Replaces an object; a `resourceVersion` in it must be the current one.
  package func replace(
    _ object: JSONValue, as resource: KubernetesResource, key: ObjectKey
  ) async throws(KubernetesClientError) -> Answer {
    try await send(
      .PUT, resource.path(namespace: key.namespace, name: key.name), body: object.serialized())
  }

  /// Deletes an object.
  package func delete(
    _ resource: KubernetesResource, _ key: ObjectKey
  ) async throws(KubernetesClientError) {
    _ = try await send(.DELETE, resource.path(namespace: key.namespace, name: key.name))
  }

  // MARK: Following resources

  /// Follows a built-in kind, in one namespace or in all.
  package func watch<Value: KubernetesObjectReadable>(
    _ type: Value.Type = Value.self, namespace: String? = nil
  ) -> ResourceWatch<Value> {
    ResourceWatch(client: self, resource: Value.resource, namespace: namespace) {
      (reader) throws(JSONDecodingError) in try DecodedObject(decoding: reader)
    }
  }

  /// Follows a kind whose contents are its `spec`, in one namespace or in all.
  package func watch<Value: JSONReadable & Hashable & Sendable>(
    _ resource: KubernetesResource, as type: Value.Type = Value.self, namespace: String? = nil
  ) -> ResourceWatch<Value> {
    ResourceWatch(client: self, resource: resource, namespace: namespace) {
      (reader) throws(JSONDecodingError) in try DecodedObject(decodingSpecOf: reader)
    }
  }

  // MARK: Requests

  /// The longest answer to a list that is read into memory.
  private static let maximumAnswer = 256 << 20

  func send(
    _ method: HTTPMethod, _ path: String, body: [UInt8]? = nil, type: String = "application/json"
  ) async throws(KubernetesClientError) -> Answer {
    let (code, bytes, warnings) = try await exchange(method, path, body: body, type: type)
    do throws(JSONDecodingError) {
      return Answer(
        object: try JSONValue(parsing: bytes), warnings: warnings, isCreated: code == 201)
    } catch {
      throw .malformedAnswer(error.description)
    }
  }

  /// Sends a request and reads the whole answer; a refusal is thrown.
  func exchange(
    _ method: HTTPMethod, _ path: String, body: [UInt8]? = nil, type: String = "application/json"
  ) async throws(KubernetesClientError) -> (code: Int, bytes: [UInt8], warnings: [String]) {
    let response = try await open(method, path, body: body, type: type, timeout: .seconds(60))
    do {
      let buffer = try await response.body.collect(upTo: Self.maximumAnswer)
      let warnings = response.headers["Warning"].map(Self.warningText)
      return (Int(response.status.code), Array(buffer.readableBytesView), warnings)
    } catch {
      throw .unreachable("\(error)")
    }
  }

  /// Sends a request and returns the answer with its body still to come; a refusal is thrown.
  func open(
    _ method: HTTPMethod, _ path: String, body: [UInt8]? = nil, type: String = "application/json",
    timeout: TimeAmount
  ) async throws(KubernetesClientError) -> HTTPClientResponse {
    let response: HTTPClientResponse
    do {
      var request = HTTPClientRequest(url: configuration.baseURL + path)
      request.method = method
      request.headers.add(name: "Accept", value: "application/json")
      request.headers.add(name: "User-Agent", value: "skein")
      if let body {
        request.headers.add(name: "Content-Type", value: type)
        request.body = .bytes(ByteBuffer(bytes: body))
      }
      if let token = try await configuration.bearerToken?() {
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
      }
      response = try await http.execute(request, timeout: timeout)
    } catch {
      throw .unreachable("\(error)")
    }
    guard (200..<300).contains(response.status.code) else {
      let code = Int(response.status.code)
      let body = try? await response.body.collect(upTo: 1 << 20)
      throw .status(code: code, body: body.map { Array($0.readableBytesView) } ?? [])
    }
    return response
  }

  /// The text of a `Warning` header, `299 - "text"`.
  private static func warningText(_ header: String) -> String {
    guard let start = header.firstIndex(of: "\""), header.hasSuffix("\"") else { return header }
    let quoted = header[header.index(after: start)...].dropLast()
    var text = ""
    var isEscaped = false
    for character in quoted {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        text.append(character)
        isEscaped = false
      }
    }
    return text
  }
}
