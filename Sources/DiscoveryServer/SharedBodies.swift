internal import CProcess
internal import HashTreeCollections
internal import NIOCore
internal import ProtobufWire
internal import Synchronization
internal import XDSProtocol

/// Puts responses into bytes: a few fields of the response's own, then encoded resources.
///
/// What many streams send at the same time, all resources of a view or one large resource, is put
/// together once; the streams share the bytes.
final class SharedBodies: Sendable {
  private enum Key: Hashable {
    case view(ResourceType, isDelta: Bool, identity: Int, count: Int)
    case resource(ObjectIdentifier, isDelta: Bool)
  }

  private struct Entry {
    var bytes: ByteBuffer
    var lastUse: NIODeadline
    /// Keeps what the key names alive.
    var resource: EncodedResource?
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var isPurgeScheduled = false
  }

  /// Smaller bodies are copied: sharing costs more than that.
  private static let threshold = 32_768
  /// How long a body is kept that nobody sends.
  private static let idleTime = TimeAmount.seconds(5)

  private let state = Mutex(State())

  /// The response as buffers whose concatenation is the message.
  func parts(
    _ response: DiscoveryResponse, _ variant: DiscoverySession.Variant, eventLoop: any EventLoop
  ) -> [ByteBuffer] {
    let isDelta = variant == .delta
    var head = WireBuffer(capacity: 256)
    head.string(1, response.version)
    head.string(4, response.type.typeURL)
    head.string(5, response.nonce)
    for name in response.removed where isDelta { head.string(6, name) }
    var parts = [ByteBuffer(bytes: head.bytes)]
    for part in response.whole {
      let summary = part.resources.summary(response.type)
      let key = Key.view(
        response.type, isDelta: isDelta, identity: summary.identity, count: summary.count)
      let resources = part.resources[response.type]
      parts.append(
        summary.count < 16
          ? Self.encode(Self.sorted(resources), isDelta)
          : shared(key, eventLoop) { (Self.encode(Self.sorted(resources), isDelta), nil) })
    }
    parts += single(response.single, isDelta, eventLoop)
    return parts
  }

  /// By name, so that every replica sends the same bytes.
  private static func sorted(
    _ resources: TreeDictionary<String, EncodedResource>
  ) -> [EncodedResource] {
    resources.values.sorted { $0.name < $1.name }
  }

  private func single(
    _ resources: [EncodedResource], _ isDelta: Bool, _ eventLoop: any EventLoop
  ) -> [ByteBuffer] {
    let large = resources.filter { $0.deltaEntry.count >= Self.threshold }
    let small = resources.filter { $0.deltaEntry.count < Self.threshold }
    var parts = small.isEmpty ? [] : [Self.encode(small, isDelta)]
    for resource in large {
      parts.append(
        shared(.resource(ObjectIdentifier(resource), isDelta: isDelta), eventLoop) {
          (Self.encode(CollectionOfOne(resource), isDelta), resource)
        })
    }
    return parts
  }

  private func shared(
    _ key: Key, _ eventLoop: any EventLoop, _ make: () -> (ByteBuffer, EncodedResource?)
  ) -> ByteBuffer {
    state.withLock { state in
      schedulePurge(&state, eventLoop)
      if let bytes = state.entries[key]?.bytes {
        state.entries[key]?.lastUse = .now()
        return bytes
      }
      let (bytes, resource) = make()
      state.entries[key] = Entry(bytes: bytes, lastUse: .now(), resource: resource)
      return bytes
    }
  }

  private func schedulePurge(_ state: inout State, _ eventLoop: any EventLoop) {
    guard !state.isPurgeScheduled else { return }
    state.isPurgeScheduled = true
    eventLoop.scheduleTask(in: Self.idleTime) { self.purge(eventLoop) }
  }

  private func purge(_ eventLoop: any EventLoop) {
    let isQuiet = state.withLock { state in
      let limit = NIODeadline.now() - Self.idleTime
      state.entries = state.entries.filter { $0.value.lastUse > limit }
      state.isPurgeScheduled = false
      if !state.entries.isEmpty { schedulePurge(&state, eventLoop) }
      return state.entries.isEmpty
    }
    // A burst of new proxies is over; what it needed goes back, off the event loops.
    if isQuiet { Task { skein_trim_heap() } }
  }

  private static func encode(
    _ resources: some Sequence<EncodedResource>, _ isDelta: Bool
  ) -> ByteBuffer {
    let size = resources.reduce(0) { $0 + $1.deltaEntry.count }
    var buffer = ByteBufferAllocator().buffer(capacity: size)
    for resource in resources {
      if isDelta {
        buffer.writeBytes(resource.deltaEntry)
      } else {
        var key = WireBuffer(capacity: 8)
        key.tag(2, .lengthDelimited)
        key.varint(UInt64(resource.any.count))
        buffer.writeBytes(key.bytes)
        buffer.writeBytes(resource.any)
      }
    }
    return buffer
  }
}
