import Testing

@testable internal import StreamingJSON

@Suite struct JSONReaderTests {
  @Test func `an object is read member by member in any order`() throws {
    var reader = try JSONReader(
      #"{"b":[1,2.0,3e0],"a":"x\ny","n":null,"t":true,"extra":{"q":[[]]}}"#)
    var integers: [Int32] = []
    var text = ""
    var flag = false
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "a": text = try reader.readString()
      case "b":
        integers = try reader.readList { (reader) throws(JSONDecodingError) in
          try reader.readInteger()
        }
      case "t": flag = try reader.readBool()
      default: try reader.skipUnknownField()
      }
    }
    try reader.finish()
    #expect(integers == [1, 2, 3])
    #expect(text == "x\ny")
    #expect(flag)
    #expect(reader.unknownFields == ["extra"])
  }

  @Test func `an error names the field by its path`() throws {
    var reader = try JSONReader(#"{"spec":{"http":[{},{"route":[{"weight":"x"}]}]}}"#)
    func walk(_ reader: inout JSONReader) throws(JSONDecodingError) {
      switch try reader.peekKind() {
      case .object:
        try reader.beginObject()
        while try reader.nextKey() != nil { try walk(&reader) }
      case .array:
        try reader.beginArray()
        while try reader.nextElement() { try walk(&reader) }
      default: _ = try reader.readInteger(Int32.self)
      }
    }
    let error = #expect(throws: JSONDecodingError.self) { try walk(&reader) }
    #expect(error?.path == "spec.http[1].route[0].weight")
    #expect(error?.remedy == "remove the quotes")
  }

  @Test(arguments: [
    ("", "ends in the middle"), ("{", "not closed"), ("[1", "not closed"), ("[1 2]", "a comma"),
    ("{\"a\":1,}", "a key"), ("[1,]", "a value is expected"), ("{\"a\" 1}", "a colon"),
    ("{\"a\":1,\"a\":2}", "given twice"), ("{\"a\":1,\"\\u0061\":2}", "given twice"),
    ("\"a\\u0000b\"", "NUL"), ("\"a\u{0}b\"", "NUL"), ("\"\u{1}\"", "control character"),
    ("\"\\ud800\"", "surrogate"), ("\"\\udc00\"", "surrogate"), ("\"\\x\"", "unknown escape"),
    ("\"abc", "not closed"), ("\"abc\\", "not closed"), ("01", "malformed"), ("-", "malformed"),
    ("1.", "malformed"), ("1e", "malformed"), ("1e999", "too large"), ("tru", "a value"),
    ("nul", "a value"), ("1 1", "follows the end"), ("NaN", "a value"), ("'a'", "a value"),
    ("\u{FEFF}1", "a value"),
  ])
  func `malformed text is an error`(document: String, part: String) {
    let error = #expect(throws: JSONDecodingError.self) { try JSONValue(parsing: document) }
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    "{", "[1", "[1 2]", "{\"a\":1,}", "[1,]", "{\"a\" 1}", "{a:1}", "\"\u{0}\"", "01", "1.", "tru",
    "{\"a\":}", "[}", "{]", "[[[[", "\"\\", "-", "[1}",
  ])
  func `skipping finds the same faults as reading`(document: String) throws {
    var reader = try JSONReader(document)
    #expect(throws: JSONDecodingError.self) { try reader.skipValue() }
  }

  @Test(
    arguments: [
      [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82],
      [0xF0, 0x8F, 0xBF, 0xBF],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are an error`(sequence: [UInt8]) {
    let document = Array("\"0123456789".utf8) + sequence + Array("\"".utf8)
    #expect(throws: JSONDecodingError.self) { try JSONReader(document) }
  }

  @Test(arguments: ["[", "{\"a\":"])
  func `ten thousand levels are an error whether read or skipped`(opening: String) throws {
    let document = String(repeating: opening, count: 10_000)
    var skipping = try JSONReader(document)
    let skipped = #expect(throws: JSONDecodingError.self) { try skipping.skipValue() }
    #expect(skipped?.message.contains("nest deeper") == true)
    let read = #expect(throws: JSONDecodingError.self) { try JSONValue(parsing: document) }
    #expect(read?.message.contains("nest deeper") == true)
  }

  @Test func `skipping goes through hundreds of levels and comes out at the right place`() throws {
    let depth = 300
    let document =
      "[" + String(repeating: "[{\"a\":", count: depth / 2) + "1"
      + String(repeating: "}]", count: depth / 2) + ",7]"
    var reader = try JSONReader(document)
    try reader.beginArray()
    #expect(try reader.nextElement())
    try reader.skipValue()
    #expect(try reader.nextElement())
    #expect(try reader.readInteger(Int.self) == 7)
    #expect(try reader.nextElement() == false)
    try reader.finish()
  }

  @Test func `a document over the size limit is refused`() {
    let limits = JSONLimits(size: 8)
    #expect(throws: JSONDecodingError.self) {
      try JSONReader(Array("[1,2,3,4]".utf8), limits: limits)
    }
  }

  @Test(arguments: [
    ("127", 127 as Int64?), ("-128", -128), ("128", nil), ("1.5", nil), ("1e2", 100), ("1e3", nil),
    ("9223372036854775808", nil), ("-0", 0), ("1e400", nil),
  ])
  func `integers are checked against the width of their field`(text: String, value: Int64?) throws {
    var reader = try JSONReader(text)
    guard let value else {
      #expect(throws: JSONDecodingError.self) { try reader.readInteger(Int8.self) }
      return
    }
    #expect(try reader.readInteger(Int8.self) == Int8(value))
  }

  @Test func `the extremes of 64 bits are exact and one more becomes a double`() throws {
    #expect(try JSONValue(parsing: "-9223372036854775808") == .integer(.min))
    #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSONValue(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try JSONValue(parsing: "1.0") == .number(1))
  }

  @Test func `a large object finds a repeated key`() throws {
    let members = (0..<5_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
    #expect(try JSONValue(parsing: "{\(members)}").objectValue?.count == 5_000)
    let error = #expect(throws: JSONDecodingError.self) {
      try JSONValue(parsing: "{\(members),\"key17\":0}")
    }
    #expect(error?.path == "key17")
  }

  @Test func `keys with dots are quoted in paths`() throws {
    var reader = try JSONReader(#"{"labels":{"a.b/c":1}}"#)
    try reader.beginObject()
    #expect(try reader.nextKey() == "labels")
    let error = #expect(throws: JSONDecodingError.self) { try reader.readStringMap() }
    #expect(error?.path == #"labels["a.b/c"]"#)
  }

  @Test func `no truncation of a document traps`() throws {
    let document = Array(
      #"{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00\\",true,false,null,{"k":{}}],"é":"ü"}"#.utf8)
    _ = try JSONValue(parsing: document)
    for length in 0..<document.count {
      #expect(throws: JSONDecodingError.self) { try JSONValue(parsing: Array(document[..<length])) }
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      var mutated = document
      mutated[Int.random(in: 0..<mutated.count, using: &generator)] = .random(in: 0...255)
      _ = try? JSONValue(parsing: mutated)
    }
  }

  @Test func `the end of a string is found at every offset beside every byte`() throws {
    for length in 0..<20 {
      for filler in ["a", " ", "!", "#", "[", "]", "é", "\u{7F}", "😀", "¢"] {
        let text = String(repeating: filler, count: length)
        var reader = try JSONReader("[\"\(text)\",\"\\n\(text)\",\"\(text)\\\"\",1]")
        try reader.beginArray()
        var strings: [String] = []
        for _ in 0..<3 {
          #expect(try reader.nextElement())
          strings.append(try reader.readString())
        }
        #expect(strings == [text, "\n\(text)", "\(text)\""])
        #expect(try reader.nextElement())
        #expect(try reader.readInteger(Int.self) == 1)
        var broken = try JSONReader("\"\(text)\u{1F}\(text)\"")
        #expect(throws: JSONDecodingError.self) { try broken.readString() }
      }
    }
  }
}
