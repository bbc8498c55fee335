internal import Hummingbird
internal import KubernetesAPI
internal import NIOCore
internal import StreamingJSON

/// A watch: the changes of one resource as lines of JSON, from a revision on.
///
/// It holds a revision and nothing else; what happened since is read from the store's log when it is
/// woken, so a slow client costs no memory.
struct WatchStream: Sendable {
  let handler: ResourceHandler
  let namespace: String?
  let now: @Sendable () -> Timestamp

  private var resource: KubernetesResource { handler.resource }

  /// Starts the watch.
  func response(to request: Request) async throws -> Response {
    // Clients that are not told so wait for ever for the bookmark that ends the initial events.
    guard !handler.request.isSet("sendInitialEvents") else {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message: "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: this API "
          + "does not stream lists; list first, then watch")
    }
    let selector = try handler.selector()
    let limit = handler.request.query["timeoutSeconds"].flatMap { Int($0) } ?? 1_800
    let timeout = Duration.seconds(max(1, min(limit, 7_200)))
    let changes = handler.store.changes.subscribe()
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    let body = ResponseBody { writer in
      try await request.body.consumeWithCancellationOnInboundClose { _ in
        try await run(&writer, selector: selector, changes: changes, timeout: timeout)
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }

  @concurrent private func run(
    _ writer: inout any ResponseBodyWriter, selector: ObjectSelector, changes: AsyncStream<Void>,
    timeout: Duration
  ) async throws {
    do {
      var revision = try await start(&writer, selector: selector)
      let deadline = ContinuousClock.now + timeout
      var bookmark = ContinuousClock.now + .seconds(15)
      revision = try await send(&writer, selector: selector, after: revision)
      let wakeups = Self.wakeups(changes, deadline: deadline)
      for await _ in wakeups {
        revision = try await send(&writer, selector: selector, after: revision)
        if ContinuousClock.now >= bookmark {
          try await sendBookmark(&writer, revision: revision)
          bookmark = ContinuousClock.now + .seconds(15)
        }
        if ContinuousClock.now >= deadline { break }
      }
      try await sendBookmark(&writer, revision: revision)
    } catch let status as APIStatus {
      // The answer has begun, so a refusal travels as an event.
      try await line(&writer, "ERROR", status.object.serialized())
    }
  }

  /// A wake-up for every change, and one each second so that time is noticed.
  private static func wakeups(
    _ changes: AsyncStream<Void>, deadline: ContinuousClock.Instant
  ) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let task = Task {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in changes { continuation.yield() }
        }
        group.addTask {
          while !Task.isCancelled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .seconds(1))
            continuation.yield()
          }
        }
        await group.next()
        group.cancelAll()
      }
      continuation.finish()
    }
    continuation.onTermination = { _ in task.cancel() }
    return stream
  }

  /// Sends what stands before the first change and returns the revision it stands at.
  @concurrent private func start(
    _ writer: inout any ResponseBodyWriter, selector: ObjectSelector
  ) async throws -> Int64 {
    let text = handler.request.query["resourceVersion"] ?? ""
    let sendsInitialEvents = handler.request.isSet("sendInitialEvents")
    if !sendsInitialEvents, !text.isEmpty, text != "0" {
      guard let revision = Int64(text), revision >= 0 else {
        throw APIStatus.badRequest("the resource version \"\(text.prefix(32))\" is malformed")
      }
      return revision
    }
    let page = try await handler.store.list(resource, namespace: namespace)
    for record in page.records {
      let object = try handler.object(record)
      if selector.matches(object) { try await send(&writer, "ADDED", object, record) }
    }
    if sendsInitialEvents {
      try await sendBookmark(&writer, revision: page.revision, endsInitialEvents: true)
    }
    return page.revision
  }

  @concurrent private func send(
    _ writer: inout any ResponseBodyWriter, selector: ObjectSelector, after revision: Int64
  ) async throws -> Int64 {
    var revision = revision
    while true {
      let (events, reached) = try await handler.store.events(resource, after: revision)
      for event in events {
        if let namespace, !namespace.isEmpty, event.record.namespace != namespace { continue }
        let object = try handler.object(event.record)
        guard let type = try type(of: event, object: object, selector: selector) else { continue }
        try await send(&writer, type, object, event.record)
      }
      guard reached > revision else { return reached }
      revision = reached
      if events.isEmpty { return revision }
    }
  }

  /// What a change means to a client that sees only what it selected.
  private func type(
    of event: ObjectStore.Event, object: JSONValue, selector: ObjectSelector
  ) throws -> String? {
    guard !selector.isEmpty else { return event.kind.rawValue }
    var before = event.record
    before.json = event.previous ?? []
    let matched = try event.previous != nil && selector.matches(handler.object(before))
    let matches = event.kind != .deleted && selector.matches(object)
    return switch (matched, matches) {
    case (false, true): "ADDED"
    case (true, true): "MODIFIED"
    case (true, false): "DELETED"
    case (false, false): nil
    }
  }

  @concurrent private func send(
    _ writer: inout any ResponseBodyWriter, _ type: String, _ object: JSONValue,
    _ record: ObjectStore.Record
  ) async throws {
    if let version = handler.request.tableVersion {
      let metadata: JSONValue = ["resourceVersion": .string(String(record.revision))]
      let table = handler.table(version).object(rows: [object], metadata: metadata)
      try await line(&writer, type, table.serialized())
    } else {
      try await line(&writer, type, object.serialized())
    }
  }

  @concurrent private func sendBookmark(
    _ writer: inout any ResponseBodyWriter, revision: Int64, endsInitialEvents: Bool = false
  ) async throws {
    guard handler.request.isSet("allowWatchBookmarks") else { return }
    var metadata: JSONValue = [
      "resourceVersion": .string(String(revision)), "creationTimestamp": .null,
    ]
    if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
    let object: JSONValue = [
      "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion(handler.version)),
      "metadata": metadata,
    ]
    try await line(&writer, "BOOKMARK", object.serialized())
  }

  @concurrent private func line(
    _ writer: inout any ResponseBodyWriter, _ type: String, _ object: [UInt8]
  ) async throws {
    var buffer = ByteBuffer()
    buffer.writeString("{\"type\":\"\(type)\",\"object\":")
    buffer.writeBytes(object)
    buffer.writeString("}\n")
    try await writer.write(buffer)
  }
}
