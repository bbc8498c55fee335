internal import StreamingJSON
import Testing

@testable internal import YAML

@Suite struct YAMLReaderTests {
  private func value(_ text: String) throws -> JSONValue {
    try #require(try YAMLReader.documents(text).first).value
  }

  @Test(
    arguments: [
      ("yes", .bool(true)), ("On", .bool(true)), ("y", .bool(true)), ("off", .bool(false)),
      ("N", .bool(false)), ("true", .bool(true)), ("tRue", .string("tRue")), ("~", .null),
      ("Null", .null), ("010", .integer(8)), ("0o10", .integer(8)), ("0x1F", .integer(31)),
      ("0b101", .integer(5)), ("1_000", .integer(1_000)), ("-5", .integer(-5)), ("+5", .integer(5)),
      ("08", .number(8)), ("1.5", .number(1.5)), ("1e3", .number(1_000)), (".5", .number(0.5)),
      ("1.", .number(1)), ("1.2.3", .string("1.2.3")), ("1h", .string("1h")), ("-", .null),
      ("2024-01-02", .string("2024-01-02")),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)),
      ("-9223372036854775808", .integer(.min)), ("0x", .string("0x")),
      ("12:30:45", .string("12:30:45")),
      ("'yes'", .string("yes")), ("\"1\"", .string("1")), ("!!str 1", .string("1")),
      ("1.5s", .string("1.5s")),
    ] as [(String, JSONValue)])
  func `plain scalars mean what Kubernetes takes them for`(text: String, expected: JSONValue) throws
  {
    guard text != "-" else {
      #expect(try value("a:\n- \n") == ["a": [.null]])
      return
    }
    #expect(try value("a: \(text)") == ["a": expected])
  }

  @Test(arguments: [".inf", "-.Inf", ".nan", "1e999"])
  func `numbers without an equal in JSON are errors`(text: String) {
    #expect(throws: YAMLError.self) { try YAMLReader.documents("a: \(text)") }
  }

  @Test func `keys that are not strings become strings`() throws {
    #expect(try value("80: a\non: b\n") == ["80": "a", "true": "b"])
  }

  @Test func `documents come with the place of every value`() throws {
    let text = """
      # a comment
      kind: A
      spec:
        http:
        - route:
          - weight: 1
            labels: {"a.b/c": d}
        - name: second
      ---
      ---
      kind: B
      """
    let documents = try YAMLReader.documents(text, file: "mesh.yaml")
    #expect(documents.map(\.value["kind"]) == ["A", "B"])
    let first = try #require(documents.first)
    #expect(first.position(of: "spec.http[0].route[0].weight") == YAMLPosition(line: 6, column: 7))
    #expect(
      first.position(of: "spec.http[0].route[0].labels[\"a.b/c\"]")
        == YAMLPosition(line: 7, column: 16))
    #expect(first.position(of: "spec.http[1]") == YAMLPosition(line: 8, column: 5))
    #expect(first.position(of: "spec.http[1].missing[3].x") == YAMLPosition(line: 8, column: 5))
    #expect(first.position(of: "nothing") == first.start)
    #expect(documents.last?.start.line == 11)
  }

  @Test func `an error says file, line and column`() {
    let error = #expect(throws: YAMLError.self) {
      try YAMLReader.documents("a: 1\nb: [1,\nc: }\n", file: "bad.yaml")
    }
    #expect(error?.description.hasPrefix("bad.yaml:3:") == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("a: 1\na: 2\n", "given twice", 2), ("a: *x\n", "no anchor", 1), ("a: b: c\n", "", 1),
    ("a: \u{0}b\n", "NUL", 1), ("\t- a\n", "", 1), ("a: \"x\n", "", 2),
    ("? [a]\n: b\n", "scalar", 1),
    ("a: 'x'\nb: \u{1}\n", "control characters", 2), ("~: a\n", "null", 1),
    ("<<: 3\n", "mapping", 1),
  ])
  func `malformed text is an error with its line`(text: String, part: String, line: Int) {
    let error = #expect(throws: YAMLError.self) { try YAMLReader.documents(text) }
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    #expect(error?.position.line == line)
  }

  @Test func `bytes that are not UTF-8 are an error`() {
    let bytes = Array("a: 1\nb: \"".utf8) + [0xFF, 0xFE] + Array("\"\n".utf8)
    let error = #expect(throws: YAMLError.self) { try YAMLReader.documents(bytes) }
    #expect(error?.position.line == 2)
  }

  @Test(arguments: ["[", "{a: ", "- "])
  func `ten thousand levels are an error`(opening: String) {
    #expect(throws: YAMLError.self) {
      try YAMLReader.documents(String(repeating: opening, count: 10_000))
    }
  }

  @Test func `an alias bomb is an error`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let error = #expect(throws: YAMLError.self) { try YAMLReader.documents(text) }
    #expect(error?.message.contains("aliases") == true)
  }

  @Test func `a stream over the size limit is refused`() {
    #expect(throws: YAMLError.self) {
      try YAMLReader.documents("a: 12345678", limits: YAMLLimits(size: 8))
    }
  }

  @Test func `addresses that end in a colon are plain scalars in lists`() throws {
    #expect(
      try value("é: [1.2.3.4, 001:db8::, fd00::]\nb: {c: fd00::}\n")
        == ["é": ["1.2.3.4", "001:db8::", "fd00::"], "b": ["c": "fd00::"]])
  }

  @Test func `aliases and merge keys are expanded`() throws {
    let text = """
      base: &base {a: 1, b: 2}
      other: &other {c: 3, a: 9}
      one: {<<: *base, b: 5}
      two: {<<: [*base, *other]}
      """
    let result = try value(text)
    #expect(result["one"] == ["a": 1, "b": 5])
    #expect(result["two"] == ["a": 1, "b": 2, "c": 3])
  }

  @Test(arguments: [
    #"{"a":"x","b":[1,2.5,true,null],"c":{},"d":[],"e":{"f":[{"g":"h","i":[[1],[]]}]}}"#,
    ##"{"yes":"yes","n":"null","1":"010","s":"","sp":" a","t":"a ","c":"a: b","h":"a #b","d":"- a"}"##,
    #"{"multi":"line one\nline two\n","strip":"a\nb","lead":"  a\nb","tail":"a\n\n","u":"é\u2028\u0085😀"}"#,
    #"["a",["b"],{"c":"d"}]"#, #""just text""#, "{}", "[]",
    #"{"q":"\"quoted\"","s":"'single'","b":"back\\slash","tab":"a\tb","time":"12:30","star":"*.x"}"#,
    #"{"date":"2024-01-02","dot":".5x","amp":"&a","excl":"!a","pct":"%a","at":"@a","tick":"`a"}"#,
  ])
  func `what is written reads back the same`(json: String) throws {
    let original = try JSONValue(parsing: json)
    let text = YAMLWriter.text(original)
    #expect(try YAMLReader.documents(text).first?.value ?? .null == original, "\(text)")
  }

  @Test func `objects are written in block style`() {
    let value: JSONValue = [
      "apiVersion": "networking.istio.io/v1", "spec": ["hosts": ["reviews", "*"], "empty": []],
    ]
    #expect(
      YAMLWriter.text(value) == """
        apiVersion: networking.istio.io/v1
        spec:
          hosts:
          - reviews
          - "*"
          empty: []

        """)
  }

  @Test func `no truncation or change of a file traps`() throws {
    let text = Array(
      "a: &x [1, {b: \"c\\u00e9\"}]\nd: |\n  text\n---\n? e\n: *x\n<<: {z: 'y'}\n".utf8)
    for length in 0..<text.count { _ = try? YAMLReader.documents(Array(text[..<length])) }
    for _ in 0..<3_000 {
      var mutated = text
      mutated[Int.random(in: 0..<mutated.count)] = .random(in: 0...255)
      _ = try? YAMLReader.documents(mutated)
    }
  }
}
