/// A block of a PEM file (RFC 7468).
package struct PEMBlock: Hashable, Sendable {
  /// The label, as `CERTIFICATE`.
  package let label: String
  /// The decoded content.
  package let bytes: [UInt8]

  /// A block with this label and content.
  package init(label: String, bytes: [UInt8]) {
    self.label = label
    self.bytes = bytes
  }

  /// The block as text with 64 characters a line and a newline at its end.
  package var text: String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4 + bytes.count / 48 + 2 * label.utf8.count + 40)
    text += "-----BEGIN \(label)-----\n".utf8
    for start in stride(from: 0, to: bytes.count, by: Self.bytesOfLine) {
      Base64.append(bytes[start..<min(start + Self.bytesOfLine, bytes.count)], to: &text)
      text.append(UInt8(ascii: "\n"))
    }
    text += "-----END \(label)-----\n".utf8
    return String(decoding: text, as: UTF8.self)
  }

  /// All blocks of a text; what stands between them is ignored.
  ///
  /// Works on bytes: lines end and are trimmed at the white space of ASCII.
  ///
  /// - Throws: `CryptoError` for a block that does not end or is not base64.
  package static func parse(_ text: String) throws(CryptoError) -> [PEMBlock] {
    var blocks: [PEMBlock] = []
    var open: (label: String, end: [UInt8])?
    var content: [UInt8] = []
    for line in Array(text.utf8).split(whereSeparator: { (0x0A...0x0D).contains($0) }) {
      let line = trimmed(line)
      if let (label, end) = open {
        guard line.elementsEqual(end) else {
          content += line
          continue
        }
        guard let bytes = Base64.decode(content) else {
          throw CryptoError("read PEM", "the \(label) block is not base64")
        }
        blocks.append(PEMBlock(label: label, bytes: bytes))
        open = nil
        content = []
      } else if line.count > 16, line.starts(with: begin), line.suffix(5).elementsEqual(dashes) {
        let label = String(decoding: line.dropFirst(begin.count).dropLast(5), as: UTF8.self)
        open = (label, Array("-----END \(label)-----".utf8))
      }
    }
    guard open == nil else { throw CryptoError("read PEM", "a block does not end") }
    return blocks
  }

  private static let bytesOfLine = 48
  private static let begin = Array("-----BEGIN ".utf8)
  private static let dashes = Array("-----".utf8)

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
    var line = line
    while isSpace(line.last) { line.removeLast() }
    while isSpace(line.first) { line.removeFirst() }
    return line
  }
}
