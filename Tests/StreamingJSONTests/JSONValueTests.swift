import Testing

@testable internal import StreamingJSON

@Suite struct JSONValueTests {
  @Test(arguments: [
    #"{"a":1,"b":[true,false,null],"c":{"d":"e\"\\\n\t\u0001/é😀"}}"#, "[]", "{}", "\"\"", "-1",
    "1.5",
    "[[],{},[{}]]",
  ])
  func `serializing gives back the text that was parsed`(text: String) throws {
    #expect(String(decoding: try JSONValue(parsing: text).serialized(), as: UTF8.self) == text)
  }

  /// The table of RFC 7386, appendix A.
  @Test(arguments: [
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
    (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
    (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
    (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
    (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
  ])
  func `merge patches follow RFC 7386`(target: String, patch: String, result: String) throws {
    let merged = try JSONValue(parsing: target).merging(JSONValue(parsing: patch))
    #expect(merged == (try JSONValue(parsing: result)))
  }

  @Test func `members are reached and changed through paths`() {
    var value: JSONValue = ["metadata": ["name": "a"]]
    value[path: ["metadata", "labels", "app"]] = "x"
    #expect(value[path: ["metadata", "labels", "app"]]?.stringValue == "x")
    value[path: ["metadata", "name"]] = nil
    #expect(value == ["metadata": ["labels": ["app": "x"]]])
  }

  @Test func `objects compare without regard to order and keep it when written`() throws {
    let one = try JSONValue(parsing: #"{"a":1,"b":2}"#)
    let two = try JSONValue(parsing: #"{"b":2,"a":1}"#)
    #expect(one == two)
    #expect(one.hashValue == two.hashValue)
    #expect(one.serialized() != two.serialized())
  }

  @Test func `a large object stays consistent through removals`() {
    var object = JSONObject()
    for number in 0..<100 { object["k\(number)"] = .integer(Int64(number)) }
    for number in stride(from: 0, to: 100, by: 2) { object["k\(number)"] = nil }
    #expect(object.count == 50)
    for number in stride(from: 1, to: 100, by: 2) {
      #expect(object["k\(number)"] == .integer(Int64(number)))
    }
    #expect(object["k2"] == nil)
  }
}
