internal import NIOCore

/// Cuts a stream of bytes into lines, within a budget.
struct LineSplitter {
  private var pending: [UInt8] = []
  /// Bytes of `pending` that were searched already.
  private var searched = 0
  private let maximumLength: Int

  init(maximumLength: Int = 16 << 20) {
    self.maximumLength = maximumLength
  }

  /// Takes bytes and returns the lines they complete, without their line breaks.
  mutating func append(_ buffer: ByteBuffer) throws(KubernetesClientError) -> [[UInt8]] {
    pending.append(contentsOf: buffer.readableBytesView)
    var lines: [[UInt8]] = []
    var start = 0
    while let end = pending[searched...].firstIndex(of: 0x0A) {
      if end > start { lines.append(Array(pending[start..<end])) }
      start = end + 1
      searched = start
    }
    if start > 0 { pending.removeSubrange(..<start) }
    searched = pending.count
    guard pending.count <= maximumLength else {
      throw .malformedAnswer("a line is longer than \(maximumLength) bytes")
    }
    return lines
  }

  /// What stands behind the last line break.
  mutating func finish() -> [UInt8]? {
    defer { pending = [] }
    return pending.isEmpty ? nil : pending
  }
}
