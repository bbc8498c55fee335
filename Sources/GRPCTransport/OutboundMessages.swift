internal import NIOCore

/// Messages of a call that wait to be written, as slices that are shared, not copied.
struct OutboundMessages {
  /// Slices below this size are copied together: a frame costs more than such a copy.
  private static let copyThreshold = 8192
  private static let copiedFrameSize = 16_384

  private var slices = CircularBuffer<ByteBuffer>()
  /// Bytes that wait, prefixes included.
  private(set) var pendingBytes = 0

  var isEmpty: Bool { slices.isEmpty }

  /// Adds one message whose body is the concatenation of `parts`; false when its length does not
  /// fit the prefix.
  mutating func append(_ parts: [ByteBuffer]) -> Bool {
    let length = parts.reduce(0) { $0 + $1.readableBytes }
    guard let prefixLength = UInt32(exactly: length) else { return false }
    var prefix = ByteBufferAllocator().buffer(capacity: 5)
    prefix.writeInteger(UInt8(0))
    prefix.writeInteger(prefixLength)
    slices.append(prefix)
    for part in parts where part.readableBytes > 0 {
      slices.append(part)
    }
    pendingBytes += length + 5
    return true
  }

  /// The next bytes to write, at most `limit` (which must be positive); nil when nothing waits.
  mutating func next(limit: Int) -> ByteBuffer? {
    guard var first = slices.popFirst() else { return nil }
    if first.readableBytes > limit {
      guard let head = first.readSlice(length: limit) else { return nil }
      slices.prepend(first)
      pendingBytes -= limit
      return head
    }
    if first.readableBytes < Self.copyThreshold, let second = slices.first,
      second.readableBytes < Self.copyThreshold
    {
      first = copySmallSlices(after: first, limit: min(limit, Self.copiedFrameSize))
    }
    pendingBytes -= first.readableBytes
    return first
  }

  /// Drops everything.
  mutating func removeAll() {
    slices.removeAll()
    pendingBytes = 0
  }

  private mutating func copySmallSlices(after first: ByteBuffer, limit: Int) -> ByteBuffer {
    var frame = ByteBufferAllocator().buffer(capacity: Self.copiedFrameSize)
    frame.writeImmutableBuffer(first)
    while let slice = slices.first, slice.readableBytes < Self.copyThreshold,
      frame.readableBytes + slice.readableBytes <= limit
    {
      frame.writeImmutableBuffer(slice)
      slices.removeFirst()
    }
    return frame
  }
}
