internal import AsyncHTTPClient
package import KubernetesAPI
package import Logging
internal import NIOCore
internal import NIOHTTP1
package import StreamingJSON

/// A client of the Kubernetes API: one object at a time, or following whole resources.
///
/// Call ``shutdown()`` when done with it.
package final class KubernetesClient: Sendable {
  /// An answer that is not an error.
  package struct Answer: Hashable, Sendable {
    /// The object.
    package var object: JSONValue
    /// What the server wants the user to know.
    package var warnings: [String]
    /// Whether the object was created by the request.
    package var isCreated: Bool
  }

  let configuration: Configuration
  let logger: Logger
  let record = AccessRecord()
  let served = ServedVersions()
  let sync = SyncStatus()
  let lists: ListStreaming
  private let pools: ConnectionPools
  private let budgets: [RequestPurpose: RequestBudget]

  /// Creates a client.
  package init(configuration: Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    lists = ListStreaming(isWanted: configuration.streamsLists)
    pools = ConnectionPools(configuration, logger: logger)
    budgets = Dictionary(
      uniqueKeysWithValues: RequestPurpose.allCases.map {
        ($0, RequestBudget(limit: $0.concurrency))
      })
  }

  /// The namespace that the configuration names for objects that name none.
  package var namespace: String? { configuration.namespace }

  /// How long the server may be waited for before the mirror stands in.
  package var patience: Duration { configuration.patience }

  /// The rights that the requests so far needed.
  package var accesses: [APIAccess] { record.all }

  /// How far the resources that are followed have come, by resource.
  package var syncStates: [KubernetesResource: SyncState] { sync.states }

  /// Closes every connection.
  package func shutdown() async {
    await pools.shutdown()
  }

  // MARK: Single objects

  /// Reads an object.
  package func get(
    _ resource: KubernetesResource, _ key: ObjectKey, for purpose: RequestPurpose = .read
  ) async throws(KubernetesClientError) -> JSONValue {
    record.note("get", resource)
    return try await send(
      .GET, path(resource, key), for: purpose
    ).object
  }

  /// Reads every object of a resource, in one namespace or in all.
  package func list(
    _ resource: KubernetesResource, namespace: String? = nil
  ) async throws(KubernetesClientError) -> [JSONValue] {
    record.note("list", resource)
    var items: [JSONValue] = []
    var token = ""
    repeat {
      var path = resource.path(version: served[resource], namespace: namespace) + "?limit=500"
      if !token.isEmpty { path += "&continue=\(PercentEncoding.escaped(token))" }
      let page = try await send(.GET, path, for: .read).object
      items += page["items"]?.arrayValue ?? []
      token = page[path: ["metadata", "continue"]]?.stringValue ?? ""
    } while !token.isEmpty
    return items
  }

  /// Makes an object be as written, creating it if need be (server-side apply).
  ///
  /// With `isForced`, fields that others own change hands; without, they are a conflict.
  package func apply(
    _ object: JSONValue, as resource: KubernetesResource, version: String? = nil, key: ObjectKey,
    manager: String = "skein", isForced: Bool = true, isDryRun: Bool = false
  ) async throws(KubernetesClientError) -> Answer {
    record.note("patch", resource)
    let path = path(resource, key, version: version)
    return try await send(
      .PATCH,
      path + "?fieldManager=\(manager)" + (isForced ? "&force=true" : "")
        + (isDryRun ? "&dryRun=All" : ""),
      for: .write, body: object.serialized(), type: "application/apply-patch+yaml")
  }

  /// Writes the status of an object (server-side apply of the subresource).
  package func applyStatus(
    _ object: JSONValue, as resource: KubernetesResource, key: ObjectKey, manager: String = "skein"
  ) async throws(KubernetesClientError) -> Answer {
    record.note("patch", resource, "/status")
    return try await send(
      .PATCH, path(resource, key) + "/status?fieldManager=\(manager)&force=true", for: .write,
      body: object.serialized(), type: "application/apply-patch+yaml")
  }

  /// Creates an object; in `namespace`, where the kind has namespaces.
  package func create(
    _ object: JSONValue, as resource: KubernetesResource, namespace: String = "",
    for purpose: RequestPurpose = .write, isDryRun: Bool = false
  ) async throws(KubernetesClientError) -> Answer {
    record.note("create", resource)
    let path = resource.path(version: served[resource], namespace: namespace)
    return try await send(
      .POST, path + (isDryRun ? "?dryRun=All" : ""), for: purpose,
      body: object.serialized())
  }

  /// Replaces an object; a `resourceVersion` in it must be the current one.
  package func replace(
    _ object: JSONValue, as resource: KubernetesResource, key: ObjectKey,
    for purpose: RequestPurpose = .write
  ) async throws(KubernetesClientError) -> Answer {
    record.note("update", resource)
    return try await send(
      .PUT, path(resource, key), for: purpose, body: object.serialized())
  }

  /// Changes an object by a JSON patch (RFC 6902).
  package func patch(
    _ resource: KubernetesResource, _ key: ObjectKey, operations: JSONValue
  ) async throws(KubernetesClientError) -> Answer {
    record.note("patch", resource)
    return try await send(
      .PATCH, path(resource, key), for: .write, body: operations.serialized(),
      type: "application/json-patch+json")
  }

  /// Deletes an object.
  package func delete(
    _ resource: KubernetesResource, _ key: ObjectKey
  ) async throws(KubernetesClientError) {
    record.note("delete", resource)
    _ = try await send(.DELETE, path(resource, key), for: .write)
  }

  private func path(
    _ resource: KubernetesResource, _ key: ObjectKey, version: String? = nil
  ) -> String {
    resource.path(
      version: version ?? served[resource], namespace: key.namespace, name: key.name)
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
  /// How often a request is repeated that the server wants later.
  private static let maximumRepetitions = 4

  /// Sends a request and reads the answer as an object; a refusal is thrown.
  func send(
    _ method: HTTPMethod, _ path: String, for purpose: RequestPurpose, body: [UInt8]? = nil,
    type: String = "application/json"
  ) async throws(KubernetesClientError) -> Answer {
    let (code, bytes, warnings) = try await exchange(
      method, path, for: purpose, body: body, type: type)
    do throws(JSONDecodingError) {
      return Answer(
        object: try JSONValue(parsing: bytes), warnings: warnings, isCreated: code == 201)
    } catch {
      throw .malformedAnswer(error.description)
    }
  }

  /// Sends a request and reads the whole answer; a refusal is thrown.
  ///
  /// A server that says when to ask again is asked again then, a few times.
  func exchange(
    _ method: HTTPMethod, _ path: String, for purpose: RequestPurpose, body: [UInt8]? = nil,
    type: String = "application/json", timeout: TimeAmount = .seconds(60)
  ) async throws(KubernetesClientError) -> (code: Int, bytes: [UInt8], warnings: [String]) {
    var repetitions = 0
    while true {
      do throws(KubernetesClientError) {
        return try await exchangeOnce(method, path, purpose, body, type, timeout)
      } catch {
        guard let wait = error.retryAfter, wait <= .seconds(30),
          repetitions < Self.maximumRepetitions, !Task.isCancelled
        else { throw error }
        repetitions += 1
        // All who were refused at one moment must not come back at one moment.
        try? await Task.sleep(for: wait * Double.random(in: 1...1.25) + .milliseconds(20))
      }
    }
  }

  private func exchangeOnce(
    _ method: HTTPMethod, _ path: String, _ purpose: RequestPurpose, _ body: [UInt8]?,
    _ type: String, _ timeout: TimeAmount
  ) async throws(KubernetesClientError) -> (code: Int, bytes: [UInt8], warnings: [String]) {
    guard let budget = budgets[purpose] else { throw .unreachable("there is no budget") }
    return try await budget.spend { () async throws(KubernetesClientError) in
      let response = try await open(
        method, path, for: purpose, body: body, type: type, timeout: timeout)
      do {
        let buffer = try await response.body.collect(upTo: Self.maximumAnswer)
        let warnings = response.headers["Warning"].map(WarningHeader.text)
        return (Int(response.status.code), Array(buffer.readableBytesView), warnings)
      } catch {
        throw .unreachable("\(error)")
      }
    }
  }

  /// Sends a request and returns the answer with its body still to come; a refusal is thrown.
  func open(
    _ method: HTTPMethod, _ path: String, for purpose: RequestPurpose, body: [UInt8]? = nil,
    type: String = "application/json", timeout: TimeAmount
  ) async throws(KubernetesClientError) -> HTTPClientResponse {
    var hasBeenRefused = false
    while true {
      let credential = try await configuration.credentials.credential()
      let http = try pools.client(for: purpose, keyPair: credential.keyPair)
      let response: HTTPClientResponse
      do {
        var request = HTTPClientRequest(url: configuration.requestURL + path)
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "skein")
        if let body {
          request.headers.add(name: "Content-Type", value: type)
          request.body = .bytes(ByteBuffer(bytes: body))
        }
        if let authorization = credential.authorization {
          request.headers.add(name: "Authorization", value: authorization)
        }
        response = try await http.execute(request, timeout: timeout)
      } catch {
        throw .unreachable("\(error)")
      }
      if (200..<300).contains(response.status.code) { return response }
      let code = Int(response.status.code)
      let answer = try? await response.body.collect(upTo: 1 << 20)
      if code == 401 {
        // A token that was rotated while its file was remembered deserves one more try.
        configuration.credentials.refused(credential)
        let isOther = (try? await configuration.credentials.credential()) != credential
        if !hasBeenRefused, isOther {
          hasBeenRefused = true
          continue
        }
      }
      throw .status(
        code: code, retryAfter: response.headers.first(name: "Retry-After"),
        body: answer.map { Array($0.readableBytesView) } ?? [])
    }
  }
}
