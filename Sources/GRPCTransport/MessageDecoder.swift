internal import NIOCore

/// Cuts a stream of DATA frames into gRPC messages.
///
/// A message is a compressed flag (one byte), its length (four bytes, big endian) and its bytes
/// (gRPC over HTTP/2, "Length-Prefixed-Message").
struct MessageDecoder {
  /// The largest message accepted, in bytes.
  var maximumMessageSize: Int
  private var buffer = ByteBuffer()

  init(maximumMessageSize: Int) {
    self.maximumMessageSize = maximumMessageSize
  }

  /// Bytes of an incomplete message that are held.
  var bufferedBytes: Int { buffer.readableBytes }

  /// Takes the bytes of a DATA frame.
  mutating func append(_ data: ByteBuffer) {
    if buffer.readableBytes == 0 {
      // The usual case: a frame holds whole messages, which are then slices of it.
      buffer = data
      return
    }
    if buffer.readerIndex > 0, buffer.readableBytes < 65_536 {
      buffer.discardReadBytes()
    }
    // The whole message is reserved once half of it is there: a peer cannot make this side set
    // aside much more than it has sent.
    if let length = announcedLength, length <= maximumMessageSize,
      buffer.readableBytes > length / 2
    {
      buffer.reserveCapacity(minimumWritableBytes: max(0, length + 5 - buffer.readableBytes))
    }
    buffer.writeImmutableBuffer(data)
  }

  /// The next complete message; nil when more bytes are needed.
  mutating func next() throws(GRPCStatus) -> ByteBuffer? {
    guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
    guard flag == 0 else {
      throw flag == 1
        ? GRPCStatus(.unimplemented, "compressed messages are not supported")
        : GRPCStatus(.internalError, "invalid compressed flag \(flag)")
    }
    guard let length = announcedLength else { return nil }
    guard length <= maximumMessageSize else {
      throw GRPCStatus(
        .resourceExhausted,
        "received message larger than max (\(length) vs. \(maximumMessageSize))")
    }
    guard buffer.readableBytes - 5 >= length else { return nil }
    buffer.moveReaderIndex(forwardBy: 5)
    let message = buffer.readSlice(length: length)
    if buffer.readableBytes == 0 {
      buffer = ByteBuffer()
    }
    return message
  }

  /// Forgets what is held.
  mutating func reset() {
    buffer = ByteBuffer()
  }

  private var announcedLength: Int? {
    buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self).map { Int($0) }
  }
}
