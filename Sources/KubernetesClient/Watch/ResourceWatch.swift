internal import AsyncHTTPClient
package import KubernetesAPI
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import StreamingJSON

/// The events of one resource, for as long as they are asked for.
///
/// Nothing is read ahead of the consumer but one page or one chunk. Failures are waited out with a
/// backoff and never end the sequence; cancelling the task does. A resource that the server does not
/// have is an empty one until it appears. While a server cannot be reached at the start, the mirror
/// stands in, where there is one.
package struct ResourceWatch<Value: Hashable & Sendable>: AsyncSequence, Sendable {
  /// One event.
  package typealias Element = ResourceEvent<Value>
  /// The sequence does not fail.
  package typealias Failure = Never

  let client: KubernetesClient
  let resource: KubernetesResource
  let namespace: String?
  let decode: WatchMachine<Value>.Decode
  var pageSize = 500
  var backoff = Backoff()
  /// How long a server may be without a resource it had, or without one, before that is believed and
  /// looked at again.
  var absencePause = Duration.seconds(5)
  /// Whether the mirror and the states of the client tell of this watch.
  var isTracked = true
  private var fieldSelector = ""

  init(
    client: KubernetesClient, resource: KubernetesResource, namespace: String?,
    decode: @escaping WatchMachine<Value>.Decode
  ) {
    self.client = client
    self.resource = resource
    self.namespace = namespace
    self.decode = decode
  }

  /// The same with pages of another size, another backoff and another pace of looking for what is absent.
  package func tuned(
    pageSize: Int = 500, backoff: Backoff = Backoff(), absencePause: Duration = .seconds(5)
  ) -> ResourceWatch {
    var copy = self
    copy.pageSize = Swift.max(1, pageSize)
    copy.backoff = backoff
    copy.absencePause = absencePause
    return copy
  }

  /// The same beside the client's states and its mirror, for a second watch of a resource.
  package func untracked() -> ResourceWatch {
    var copy = self
    copy.isTracked = false
    return copy
  }

  /// The same with only those objects that a field selector picks.
  package func selecting(fields selector: String) -> ResourceWatch {
    var copy = self
    copy.fieldSelector = selector
    return copy
  }

  var mirror: (any ObjectMirror)? { isTracked ? client.configuration.mirror : nil }

  /// The path of the collection with the selector, to which more of a query can be added.
  func path(_ query: String) -> String {
    resource.path(version: client.served[resource], namespace: namespace) + "?" + query
      + (fieldSelector.isEmpty ? "" : "&fieldSelector=\(PercentEncoding.escaped(fieldSelector))")
  }

  @discardableResult
  func setState(_ state: SyncState) -> SyncState? {
    isTracked ? client.sync.set(resource, state) : nil
  }

  /// The objects that there are now; nil when they cannot be listed. Concerns neither states nor mirror.
  package func listOnce() async -> [ObjectKey: DecodedObject<Value>]? {
    var machine = WatchMachine(decode: decode)
    var objects: [ObjectKey: DecodedObject<Value>] = [:]
    while case .list(let token) = machine.step {
      let query =
        "limit=\(pageSize)" + (token.map { "&continue=\(PercentEncoding.escaped($0))" } ?? "")
      guard let answer = try? await client.exchange(.GET, path(query), for: .read),
        let events = try? machine.receive(page: answer.bytes)
      else { return nil }
      for case .initApply(let object) in events { objects[object.key] = object }
    }
    return objects
  }

  /// Starts following.
  package func makeAsyncIterator() -> Iterator {
    setState(.waiting)
    client.record.note("list", resource)
    client.record.note("watch", resource)
    return Iterator(self)
  }

  /// Does one step after the other and hands out what they yield.
  package struct Iterator: AsyncIteratorProtocol {
    private let watch: ResourceWatch
    private let started = ContinuousClock.now
    private var backoff: Backoff
    private var machine: WatchMachine<Value>
    private var pending: [ResourceEvent<Value>] = []
    private var position = 0
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var opened = ContinuousClock.now
    private var splitter = LineSplitter()
    private var generator = SystemRandomNumberGenerator()
    /// Whether a listing of the server was seen to its end.
    private var hasListed = false
    private var isMirrored = false
    /// How often in a row the server did not have the resource.
    private var absences = 0
    private var isAbsent = false
    private var failures = 0
    private var isStreamingRefused = false

    private var client: KubernetesClient { watch.client }
    private var resource: KubernetesResource { watch.resource }
    private var canBeMirrored: Bool {
      !hasListed && !isMirrored && !isAbsent && watch.mirror != nil
    }
    /// A server that hangs must not keep the mirror from standing in.
    private var firstAnswerTimeout: TimeAmount {
      guard canBeMirrored else { return .seconds(60) }
      return .seconds(Swift.max(5, client.patience.components.seconds))
    }
    private var logLabels: Logger.Metadata { ["kubernetes.resource": "\(resource.plural)"] }

    init(_ watch: ResourceWatch) {
      self.watch = watch
      backoff = watch.backoff
      machine = WatchMachine(
        keepsSources: watch.mirror != nil, decode: watch.decode)
    }

    /// The next event; `nil` once the task is cancelled.
    @concurrent
    package mutating func next() async -> ResourceEvent<Value>? {
      while !Task.isCancelled {
        if position < pending.count {
          defer { position += 1 }
          return pending[position]
        }
        pending.removeAll(keepingCapacity: true)
        position = 0
        do throws(KubernetesClientError) {
          try await advance()
          noteProgress()
        } catch {
          await recover(from: error)
        }
      }
      return nil
    }

    private mutating func noteProgress() {
      let changes = machine.takeChanges()
      if !changes.isEmpty { watch.mirror?.record(changes, of: resource) }
      guard case .watch = machine.step else { return }
      hasListed = true
      absences = 0
      isAbsent = false
      if !pending.isEmpty { backoff.reset() }
      failures = 0
      noteLive()
    }

    private func noteLive() {
      let before = watch.setState(.live)
      if before == .absent || before == .mirrored {
        client.logger.notice(
          before == .absent ? "a resource has appeared" : "a resource is followed live again",
          metadata: logLabels)
      }
    }

    @concurrent private mutating func advance() async throws(KubernetesClientError) {
      if machine.step == .list(token: nil), !isStreamingRefused {
        machine.streamsLists = try await client.lists.isOffered(
          by: client, timeout: firstAnswerTimeout)
      }
      switch machine.step {
      case .list(let token):
        var path = watch.path("limit=\(watch.pageSize)")
        if let token { path += "&continue=\(PercentEncoding.escaped(token))" }
        let answer = try await client.exchange(
          .GET, path, for: .read, timeout: token == nil ? firstAnswerTimeout : .seconds(60))
        pending = try machine.receive(page: answer.bytes)
      case .stream:
        if body == nil {
          try await open("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
          pending = machine.streamBegins()
        }
        try await readChunk()
      case .watch(let revision):
        if body == nil {
          try await open("&resourceVersion=\(PercentEncoding.escaped(revision))")
          // What does not change is not spoken of for a minute and more.
          noteLive()
        }
        try await readChunk()
      }
    }

    @concurrent private mutating func open(
      _ query: String
    ) async throws(KubernetesClientError) {
      // Spread, so that a fleet of clients does not reconnect at once.
      let seconds = Int64.random(in: 240...300, using: &generator)
      let path =
        watch.path("watch=true&allowWatchBookmarks=true&timeoutSeconds=\(seconds)") + query
      let response = try await client.open(.GET, path, for: .watch, timeout: firstAnswerTimeout)
      body = response.body.makeAsyncIterator()
      opened = ContinuousClock.now
      splitter = LineSplitter()
    }

    @concurrent private mutating func readChunk() async throws(KubernetesClientError) {
      let buffer: ByteBuffer?
      do {
        buffer = try await body?.next()
      } catch {
        body = nil
        throw .unreachable("\(error)")
      }
      guard let buffer else {
        // The server ended the watch in order: go on from where it stood.
        body = nil
        if ContinuousClock.now - opened < .seconds(1) || machine.step == .stream {
          throw .unreachable("the watch ended as soon as it began")
        }
        return
      }
      do throws(KubernetesClientError) {
        for line in try splitter.append(buffer) { pending += try machine.receive(line: line) }
      } catch {
        body = nil
        throw error
      }
    }

    // MARK: Failures

    @concurrent private mutating func recover(from error: KubernetesClientError) async {
      body = nil
      let wasStreaming = machine.step == .stream
      machine.fail(error)
      if Task.isCancelled { return }
      if wasStreaming, let code = error.code, [400, 404, 405, 422].contains(code),
        machine.streamsLists
      {
        // A server that does not know streamed lists says so; a missing resource is found out by a list.
        if code != 404 { client.lists.refused() }
        machine.streamsLists = false
        isStreamingRefused = true
        return
      }
      if error.isExpired {
        // A lost place in history is ordinary; but all resources lose theirs at one moment.
        try? await Task.sleep(for: .milliseconds(Int.random(in: 50...500, using: &generator)))
        return
      }
      if error.isNotFound {
        await recoverFromAbsence()
        return
      }
      await standIn(for: error)
    }

    /// Uses the mirror where the server was waited for long enough, or waits.
    @concurrent private mutating func standIn(for error: KubernetesClientError) async {
      failures += 1
      let left = client.configuration.patience - (ContinuousClock.now - started)
      if canBeMirrored, left <= .zero, let events = mirrored() {
        isMirrored = true
        pending = events
        watch.setState(.mirrored)
        client.logger.warning(
          "the API server is away; what was kept of a resource is used",
          metadata: logLabels.merging(["error": "\(error)"]) { $1 })
        return
      }
      if hasListed, failures > 1 { watch.setState(.stale) }
      var wait = Swift.max(backoff.next(using: &generator), error.retryAfter ?? .zero)
      if canBeMirrored, left > .zero { wait = Swift.min(wait, left + .milliseconds(10)) }
      client.logger.warning(
        error.code == 403
          ? "a resource may not be read; grant list and watch to the service account"
          : "following a resource failed; trying again",
        metadata: logLabels.merging(["error": "\(error)", "wait": "\(wait)"]) { $1 })
      try? await Task.sleep(for: wait)
    }

    private func mirrored() -> [ResourceEvent<Value>]? {
      guard let sources = watch.mirror?.objects(of: resource) else { return nil }
      let objects = sources.compactMap { bytes in
        (try? JSONReader(bytes)).flatMap { try? watch.decode($0) }
      }
      return [.initStart] + objects.map { .initApply($0) } + [.initDone]
    }

    /// A resource can be missing in one version, because its definition is not there, or only for as long
    /// as a server starts.
    @concurrent private mutating func recoverFromAbsence() async {
      do throws(KubernetesClientError) {
        let before = client.served[resource]
        if try await client.findVersion(of: resource) {
          // It is there; another version than before is asked for at once.
          if client.served[resource] != before { return }
        } else {
          absences += 1
          let isBelieved = !hasListed && !isMirrored || absences > 1
          if isBelieved, !isAbsent {
            pending = machine.absent()
            hasListed = false
            isAbsent = true
            watch.setState(.absent)
            let changes = machine.takeChanges()
            watch.mirror?.record(changes, of: resource)
            client.logger.notice(
              "the cluster does not have a resource; it is looked for again and again",
              metadata: logLabels)
            return
          }
        }
      } catch {
        client.logger.debug("looking for a resource failed", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(
        for: watch.absencePause * Double.random(in: 0.5...1, using: &generator))
    }
  }
}
