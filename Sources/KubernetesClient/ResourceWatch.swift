internal import AsyncHTTPClient
internal import KubernetesAPI
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import StreamingJSON

/// The events of one resource, for as long as they are asked for.
///
/// Nothing is read ahead of the consumer but one page or one chunk. Failures are waited out with a
/// backoff and never end the sequence; cancelling the task does.
package struct ResourceWatch<Value: Hashable & Sendable>: AsyncSequence, Sendable {
  /// One event.
  package typealias Element = ResourceEvent<Value>
  /// The sequence does not fail.
  package typealias Failure = Never

  private let client: KubernetesClient
  private let resource: KubernetesResource
  private let namespace: String?
  private let decode: WatchMachine<Value>.Decode
  private var pageSize = 500
  private var backoff = Backoff()

  init(
    client: KubernetesClient, resource: KubernetesResource, namespace: String?,
    decode: @escaping WatchMachine<Value>.Decode
  ) {
    self.client = client
    self.resource = resource
    self.namespace = namespace
    self.decode = decode
  }

  /// The same with pages of another size and another backoff.
  package func tuned(pageSize: Int = 500, backoff: Backoff = Backoff()) -> ResourceWatch {
    var copy = self
    copy.pageSize = Swift.max(1, pageSize)
    copy.backoff = backoff
    return copy
  }

  /// Starts following.
  package func makeAsyncIterator() -> Iterator {
    Iterator(
      client: client, resource: resource, namespace: namespace, pageSize: pageSize,
      backoff: backoff, machine: WatchMachine(decode: decode))
  }

  /// Does one step after the other and hands out what they yield.
  package struct Iterator: AsyncIteratorProtocol {
    private let client: KubernetesClient
    private let resource: KubernetesResource
    private let namespace: String?
    private let pageSize: Int
    private var backoff: Backoff
    private var machine: WatchMachine<Value>
    private var pending: [ResourceEvent<Value>] = []
    private var position = 0
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var opened = ContinuousClock.now
    private var splitter = LineSplitter()
    private var generator = SystemRandomNumberGenerator()

    init(
      client: KubernetesClient, resource: KubernetesResource, namespace: String?, pageSize: Int,
      backoff: Backoff, machine: WatchMachine<Value>
    ) {
      self.client = client
      self.resource = resource
      self.namespace = namespace
      self.pageSize = pageSize
      self.backoff = backoff
      self.machine = machine
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
          if !pending.isEmpty { backoff.reset() }
        } catch {
          await recover(from: error)
        }
      }
      return nil
    }

    @concurrent private mutating func advance() async throws(KubernetesClientError) {
      switch machine.step {
      case .list(let token):
        var path = resource.path(namespace: namespace) + "?limit=\(pageSize)"
        if let token { path += "&continue=\(Self.escaped(token))" }
        let answer = try await client.exchange(.GET, path)
        pending = try machine.receive(page: answer.bytes)
      case .watch(let revision):
        if body == nil { try await openWatch(revision) }
        try await readChunk()
      }
    }

    @concurrent private mutating func openWatch(
      _ revision: String
    ) async throws(KubernetesClientError) {
      // Spread, so that a fleet of clients does not reconnect at once.
      let seconds = Int64.random(in: 240...300, using: &generator)
      let path =
        resource.path(namespace: namespace)
        + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=\(seconds)"
        + "&resourceVersion=\(Self.escaped(revision))"
      let response = try await client.open(.GET, path, timeout: .seconds(seconds + 30))
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
        if ContinuousClock.now - opened < .seconds(1) {
          throw .unreachable("the watch ended as soon as it began")
        }
        return
      }
      do throws(KubernetesClientError) {
        for line in try splitter.append(buffer) {
          if let event = try machine.receive(line: line) { pending.append(event) }
        }
      } catch {
        body = nil
        throw error
      }
    }

    @concurrent private mutating func recover(from error: KubernetesClientError) async {
      body = nil
      machine.fail(error)
      if Task.isCancelled { return }
      // A lost place in history is ordinary, and the next step is to list again.
      if error.isExpired {
        try? await Task.sleep(for: .milliseconds(100))
        return
      }
      let wait = backoff.next(using: &generator)
      client.logger.warning(
        "following a resource failed; trying again",
        metadata: [
          "kubernetes.resource": "\(resource.plural)", "error": "\(error)", "wait": "\(wait)",
        ])
      try? await Task.sleep(for: wait)
    }

    private static func escaped(_ text: String) -> String {
      var out = ""
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "_"):
          out.unicodeScalars.append(Unicode.Scalar(byte))
        default:
          let digits = String(byte, radix: 16, uppercase: true)
          out += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
      }
      return out
    }
  }
}
