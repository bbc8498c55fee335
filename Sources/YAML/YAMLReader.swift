internal import CLibYAML
internal import StreamingJSON

/// Reads YAML streams into JSON values, keeping the line and column of every value.
package enum YAMLReader {
  /// Reads every document of a stream; empty documents are left out.
  package static func documents(
    _ bytes: [UInt8], file: String = "<input>", limits: YAMLLimits = YAMLLimits()
  ) throws(YAMLError) -> [YAMLDocument] {
    guard bytes.count <= limits.size else {
      throw YAMLError(
        file: file, position: YAMLPosition(line: 1, column: 1),
        message: "the file has \(bytes.count) bytes, more than the \(limits.size) allowed")
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw YAMLError(
        file: file, position: position(of: offset, in: bytes),
        message: "the text contains a NUL byte")
    }
    var text = bytes
    for _ in 0..<maximumRepairs {
      switch parse(text, file: file, limits: limits) {
      case .success(let documents): return documents
      case .failure(let failure):
        guard let repaired = failure.repair.flatMap({ quote($0, in: text) }) else {
          throw failure.error
        }
        text = repaired
      }
    }
    return try parse(text, file: file, limits: limits).mapError(\.error).get()
  }

  /// How many plain scalars of a stream are put in quotes before it is given up.
  private static let maximumRepairs = 32

  private static func parse(
    _ bytes: [UInt8], file: String, limits: YAMLLimits
  ) -> Result<[YAMLDocument], YAMLEvents.Failure> {
    bytes.withUnsafeBufferPointer { buffer in
      var events = YAMLEvents(buffer, file: file)
      defer { events.close() }
      do throws(YAMLError) {
        return .success(try readStream(&events, limits: limits))
      } catch {
        return .failure(YAMLEvents.Failure(error: error, repair: events.repair))
      }
    }
  }

  /// The text with a range of its characters in double quotes; `nil` when that would change them.
  private static func quote(_ range: Range<Int>, in bytes: [UInt8]) -> [UInt8]? {
    // Characters are counted by their first bytes.
    var offsets: [Int] = []
    var characters = 0
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      if characters == range.lowerBound || characters == range.upperBound { offsets.append(offset) }
      characters += 1
    }
    guard offsets.count == 2,
      !bytes[offsets[0]..<offsets[1]].contains(where: { [0x22, 0x5C, 0x0A].contains($0) })
    else { return nil }
    return bytes[..<offsets[0]] + [0x22] + bytes[offsets[0]..<offsets[1]] + [0x22]
      + bytes[offsets[1]...]
  }

  /// Reads every document of a text.
  package static func documents(
    _ text: String, file: String = "<input>", limits: YAMLLimits = YAMLLimits()
  ) throws(YAMLError) -> [YAMLDocument] {
    try documents(Array(text.utf8), file: file, limits: limits)
  }

  private static func readStream(
    _ events: inout YAMLEvents, limits: YAMLLimits
  ) throws(YAMLError) -> [YAMLDocument] {
    var documents: [YAMLDocument] = []
    while true {
      let event = try events.next()
      switch event.kind {
      case .streamEnd: return documents
      case .documentStart:
        var composer = YAMLComposer(file: events.file, limits: limits)
        while true {
          let event = try events.next()
          if event.kind == .documentEnd { break }
          try composer.handle(event)
        }
        if let document = composer.document() { documents.append(document) }
      default: continue
      }
    }
  }

  static func position(of offset: Int, in bytes: some Collection<UInt8>) -> YAMLPosition {
    var line = 1
    var column = 1
    for byte in bytes.prefix(offset) {
      if byte == 0x0A {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return YAMLPosition(line: line, column: column)
  }
}

/// One event of the parser, copied out of C.
struct YAMLEvent {
  enum Kind {
    case streamEnd
    case documentStart
    case documentEnd
    case scalar
    case sequenceStart
    case sequenceEnd
    case mappingStart
    case mappingEnd
    case alias
    case other
  }

  var kind: Kind
  var position: YAMLPosition
  var text = ""
  var anchor = ""
  var tag = ""
  var isPlain = false
}

/// The parser of libyaml as a source of events.
struct YAMLEvents {
  /// An error, and the characters that read as they are meant once they stand in quotes.
  struct Failure: Error {
    var error: YAMLError
    var repair: Range<Int>?
  }

  let file: String
  /// Set when parsing failed at a plain scalar that libyaml alone refuses.
  private(set) var repair: Range<Int>?
  private let input: UnsafeBufferPointer<UInt8>
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let isReady: Bool

  init(_ input: UnsafeBufferPointer<UInt8>, file: String) {
    self.file = file
    self.input = input
    parser = .allocate(capacity: 1)
    isReady = yaml_parser_initialize(parser) == 1
    guard isReady else { return }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  mutating func close() {
    if isReady { yaml_parser_delete(parser) }
    parser.deallocate()
  }

  mutating func next() throws(YAMLError) -> YAMLEvent {
    guard isReady else {
      throw YAMLError(
        file: file, position: YAMLPosition(line: 1, column: 1), message: "out of memory")
    }
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else {
      repair = repairOfPlainScalar()
      throw failure()
    }
    defer { yaml_event_delete(&raw) }
    var event = YAMLEvent(kind: .other, position: Self.position(raw.start_mark))
    switch raw.type {
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: event.kind = .streamEnd
    case YAML_DOCUMENT_START_EVENT: event.kind = .documentStart
    case YAML_DOCUMENT_END_EVENT: event.kind = .documentEnd
    case YAML_SEQUENCE_END_EVENT: event.kind = .sequenceEnd
    case YAML_MAPPING_END_EVENT: event.kind = .mappingEnd
    case YAML_ALIAS_EVENT:
      event.kind = .alias
      event.anchor = Self.text(raw.data.alias.anchor)
    case YAML_SEQUENCE_START_EVENT:
      event.kind = .sequenceStart
      event.anchor = Self.text(raw.data.sequence_start.anchor)
    case YAML_MAPPING_START_EVENT:
      event.kind = .mappingStart
      event.anchor = Self.text(raw.data.mapping_start.anchor)
    case YAML_SCALAR_EVENT:
      let scalar = raw.data.scalar
      event.kind = .scalar
      event.anchor = Self.text(scalar.anchor)
      event.tag = Self.text(scalar.tag)
      event.isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      if let value = scalar.value {
        event.text = String(
          decoding: UnsafeBufferPointer(start: value, count: scalar.length), as: UTF8.self)
      }
    default: break
    }
    return event
  }

  /// Kubernetes' parser takes a colon before `]`, `}` or a comma as part of a plain scalar
  /// (`[fd00::]`); libyaml stops there.
  private func repairOfPlainScalar() -> Range<Int>? {
    guard parser.pointee.error == YAML_SCANNER_ERROR,
      let problem = parser.pointee.problem, String(cString: problem) == "found unexpected ':'"
    else { return nil }
    let start = Int(clamping: parser.pointee.context_mark.index)
    let end = Int(clamping: parser.pointee.problem_mark.index)
    return start < end ? start..<(end + 1) : nil
  }

  private func failure() -> YAMLError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text is malformed"
    let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
    // An error of the reader (bytes that are not UTF-8, control characters) has only an offset.
    let position =
      parser.pointee.error == YAML_READER_ERROR
      ? YAMLReader.position(of: Int(clamping: parser.pointee.problem_offset), in: input)
      : Self.position(parser.pointee.problem_mark)
    return YAMLError(file: file, position: position, message: context + problem)
  }

  private static func position(_ mark: yaml_mark_t) -> YAMLPosition {
    YAMLPosition(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
  }
}
