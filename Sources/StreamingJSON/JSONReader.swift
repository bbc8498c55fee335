/// A pull decoder over the UTF-8 bytes of one JSON document (RFC 8259).
///
/// The caller walks the document: ``beginObject()`` and ``nextKey()`` for objects,
/// ``beginArray()`` and ``nextElement()`` for arrays, a typed read or ``skipValue()`` for every
/// value. Reading never recurses, nesting and size are bounded by ``JSONLimits``, and every error
/// carries the path of the field being read. Stricter than the RFC where Kubernetes objects gain
/// by it: duplicate keys and NUL characters are errors.
package struct JSONReader: Sendable {
  /// One level of the path: a member (by the place of its key) or an element (by its number).
  struct Frame {
    var keyStart: Int
    var keyEnd: Int
    var index: Int
    var seenBase: Int
    var isArray: Bool
    var isFirst: Bool
  }

  let bytes: [UInt8]
  let end: Int
  let limits: JSONLimits
  var position: Int
  var frames: [Frame] = []
  /// Keys met so far in each open object, one run per frame.
  var seen: [String] = []
  /// Keys of open objects too large for a linear search, by depth.
  var seenLarge: [Int: Set<String>] = [:]
  /// A path put before every path this reader reports.
  let pathPrefix: String

  /// Paths of members that were read with ``skipUnknownField()``.
  package private(set) var unknownFields: [String] = []

  /// Creates a reader over a whole document; throws when it is too large or not UTF-8.
  package init(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), pathPrefix: String = ""
  ) throws(JSONDecodingError) {
    self.bytes = bytes
    self.end = bytes.count
    self.limits = limits
    self.position = 0
    self.pathPrefix = pathPrefix
    guard bytes.count <= limits.size else {
      throw JSONDecodingError(
        path: pathPrefix,
        message: "the document has \(bytes.count) bytes, more than the \(limits.size) allowed")
    }
    if let offset = UTF8Scan.firstInvalidOffset(bytes) {
      throw JSONDecodingError(
        path: pathPrefix, message: "the document is not UTF-8 at byte \(offset)", offset: offset)
    }
  }

  /// Creates a reader over one value of another reader's document, without copying.
  ///
  /// `range` is a place that ``readRawRange()`` of `other` returned.
  package init(_ other: JSONReader, range: Range<Int>, pathPrefix: String = "") {
    self.bytes = other.bytes
    self.end = min(other.end, range.upperBound)
    self.limits = other.limits
    self.position = min(range.lowerBound, self.end)
    self.pathPrefix = pathPrefix
  }

  /// Creates a reader over the UTF-8 bytes of `text`.
  package init(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONDecodingError) {
    try self.init(Array(text.utf8), limits: limits)
  }

  // MARK: Structure

  /// The kind of the value that comes next.
  package mutating func peekKind() throws(JSONDecodingError) -> JSONKind {
    guard let byte = skipWhitespace() else {
      throw error("the document ends in the middle of a value")
    }
    switch byte {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw error("a value is expected here, not \(describeByte())")
    }
  }

  /// Enters the object that comes next.
  package mutating func beginObject() throws(JSONDecodingError) {
    guard skipWhitespace() == UInt8(ascii: "{") else { throw mismatch("an object") }
    try push(isArray: false)
  }

  /// Moves to the next member of the current object and returns its key; `nil` leaves the object.
  ///
  /// Members whose value is `null` are passed over unless `keepingNulls` is set, since Kubernetes
  /// and protobuf JSON both read `null` as "not set".
  package mutating func nextKey(
    keepingNulls: Bool = false
  ) throws(JSONDecodingError) -> String? {
    while true {
      guard let top = frames.indices.last, !frames[top].isArray else {
        throw error("no object is being read")
      }
      guard let byte = skipWhitespace() else { throw error("the object is not closed") }
      if byte == UInt8(ascii: "}") {
        position += 1
        pop()
        return nil
      }
      if frames[top].isFirst {
        frames[top].isFirst = false
      } else {
        guard byte == UInt8(ascii: ",") else {
          throw error("a comma or a closing brace is expected, not \(describeByte())")
        }
        position += 1
        _ = skipWhitespace()
      }
      guard position < end, bytes[position] == UInt8(ascii: "\"") else {
        throw error("a key in double quotes is expected, not \(describeByte())")
      }
      let start = position + 1
      let key = try readString()
      frames[top].keyStart = start
      frames[top].keyEnd = position - 1
      guard noteKey(key, frame: top) else {
        throw error("the key is given twice", remedy: "keep one of the two")
      }
      guard skipWhitespace() == UInt8(ascii: ":") else {
        throw error("a colon is expected, not \(describeByte())")
      }
      position += 1
      if !keepingNulls, skipWhitespace() == UInt8(ascii: "n") {
        try expectLiteral("null")
        continue
      }
      return key
    }
  }

  /// Enters the array that comes next.
  package mutating func beginArray() throws(JSONDecodingError) {
    guard skipWhitespace() == UInt8(ascii: "[") else { throw mismatch("a list") }
    try push(isArray: true)
  }

  /// Moves to the next element of the current array; `false` leaves the array.
  package mutating func nextElement() throws(JSONDecodingError) -> Bool {
    guard let top = frames.indices.last, frames[top].isArray else {
      throw error("no list is being read")
    }
    guard let byte = skipWhitespace() else { throw error("the list is not closed") }
    if byte == UInt8(ascii: "]") {
      position += 1
      pop()
      return false
    }
    if frames[top].isFirst {
      frames[top].isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else {
        throw error("a comma or a closing bracket is expected, not \(describeByte())")
      }
      position += 1
      _ = skipWhitespace()
    }
    frames[top].index += 1
    return true
  }

  /// Checks that nothing but white space follows the value that was read.
  package mutating func finish() throws(JSONDecodingError) {
    if skipWhitespace() != nil {
      throw error("text follows the end of the document: \(describeByte())")
    }
  }

  /// Records the member being read as unknown and passes over its value.
  package mutating func skipUnknownField() throws(JSONDecodingError) {
    // Bounded: a hostile object must not turn its unknown keys into a list of any size.
    if unknownFields.count < 256 { unknownFields.append(currentPath) }
    try skipValue()
  }

  // MARK: Paths and errors

  /// The path of the value being read, such as `spec.http[0].name`.
  package var currentPath: String {
    var path = pathPrefix
    for frame in frames {
      if frame.isArray {
        if frame.index >= 0 { path = JSONPath.element(frame.index, of: path) }
      } else if frame.keyEnd >= frame.keyStart, frame.keyStart > 0 {
        let key = String(decoding: bytes[frame.keyStart..<frame.keyEnd], as: UTF8.self)
        path = JSONPath.member(key, of: path)
      }
    }
    return path
  }

  /// An error about the value being read.
  package func error(_ message: String, remedy: String? = nil) -> JSONDecodingError {
    JSONDecodingError(path: currentPath, message: message, remedy: remedy, offset: position)
  }

  /// An error that says what was expected and what stands there instead.
  mutating func mismatch(_ expected: String) -> JSONDecodingError {
    do throws(JSONDecodingError) {
      let kind = try peekKind()
      let found =
        switch kind {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
      return error("\(expected) is expected, not \(found)")
    } catch {
      return error
    }
  }

  func describeByte() -> String {
    guard position < end else { return "the end of the document" }
    let byte = bytes[position]
    return byte >= 0x21 && byte < 0x7F
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  // MARK: Scanning

  /// Moves to the next byte that is not white space and returns it.
  @inline(__always)
  mutating func skipWhitespace() -> UInt8? {
    while position < end {
      let byte = bytes[position]
      if byte > 0x20 { return byte }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  mutating func expectLiteral(_ literal: StaticString) throws(JSONDecodingError) {
    let start = position
    let count = literal.utf8CodeUnitCount
    var matches = end - start >= count
    if matches {
      matches = literal.withUTF8Buffer { text in
        for index in 0..<count where unsafe text[index] != bytes[start + index] { return false }
        return true
      }
    }
    guard matches else {
      throw error("a value is expected here, not \(describeByte())")
    }
    position += count
  }

  private mutating func push(isArray: Bool) throws(JSONDecodingError) {
    guard frames.count < limits.depth else {
      throw error("values nest deeper than \(limits.depth) levels")
    }
    position += 1
    frames.append(
      Frame(
        keyStart: 0, keyEnd: -1, index: -1, seenBase: seen.count, isArray: isArray, isFirst: true))
  }

  private mutating func pop() {
    guard let frame = frames.popLast() else { return }
    if seen.count > frame.seenBase { seen.removeSubrange(frame.seenBase...) }
    if !seenLarge.isEmpty { seenLarge[frames.count] = nil }
  }

  /// Notes a key of the object in `frame`; false when it was there before.
  private mutating func noteKey(_ key: String, frame: Int) -> Bool {
    let linearLimit = 32
    let base = frames[frame].seenBase
    if seen.count - base < linearLimit {
      var index = base
      while index < seen.count {
        if seen[index] == key { return false }
        index += 1
      }
      seen.append(key)
      return true
    }
    if seenLarge[frame] == nil { seenLarge[frame] = Set(seen[base...]) }
    return seenLarge[frame, default: []].insert(key).inserted
  }
}
