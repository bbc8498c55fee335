internal import KubernetesAPI
internal import NIOCore
internal import StreamingJSON
import Testing

@testable internal import KubernetesClient

@Suite struct WatchMachineTests {
  private func machine() -> WatchMachine<ConfigMap> {
    WatchMachine { (reader) throws(JSONDecodingError) in try DecodedObject(decoding: reader) }
  }

  private func item(_ name: String, _ revision: Int) -> String {
    #"{"metadata":{"name":"\#(name)","namespace":"n","resourceVersion":"\#(revision)"},"data":{}}"#
  }

  private func page(_ items: [String], revision: Int, token: String = "") -> [UInt8] {
    Array(
      #"{"kind":"ConfigMapList","metadata":{"resourceVersion":"\#(revision)","continue":"\#(token)"},"items":[\#(items.joined(separator: ","))]}"#
        .utf8)
  }

  private func line(_ type: String, _ object: String) -> [UInt8] {
    Array(#"{"type":"\#(type)","object":\#(object)}"#.utf8)
  }

  private func names(_ events: [ResourceEvent<ConfigMap>]) -> [String] {
    events.map { event in
      switch event {
      case .initStart: "start"
      case .initApply(let object): "init \(object.key)"
      case .initDelete(let key): "init delete \(key)"
      case .initDone: "done"
      case .apply(let object): "apply \(object.key)"
      case .delete(let key): "delete \(key)"
      }
    }
  }

  @Test func `pages make one listing and a watch goes on from it`() throws {
    var machine = machine()
    #expect(machine.step == .list(token: nil))
    let first = try machine.receive(page: page([item("a", 3)], revision: 7, token: "t"))
    #expect(names(first) == ["start", "init n/a"])
    #expect(machine.step == .list(token: "t"))
    let second = try machine.receive(page: page([item("b", 4)], revision: 7))
    #expect(names(second) == ["init n/b", "done"])
    #expect(machine.step == .watch(revision: "7"))
    let change = try machine.receive(line: line("MODIFIED", item("a", 8)))
    #expect(names(change) == ["apply n/a"])
    #expect(machine.step == .watch(revision: "8"))
    #expect(
      try machine.receive(line: line("BOOKMARK", #"{"metadata":{"resourceVersion":"20"}}"#)).isEmpty
    )
    #expect(machine.step == .watch(revision: "20"))
    let gone = try machine.receive(line: line("DELETED", item("a", 21)))
    #expect(gone == [.delete(ObjectKey(namespace: "n", name: "a"))])
  }

  @Test func `a streamed list ends with its bookmark and begins again where it breaks`() throws {
    var machine = machine()
    machine.streamsLists = true
    #expect(machine.step == .stream)
    #expect(names(machine.streamBegins()) == ["start"])
    #expect(names(try machine.receive(line: line("ADDED", item("a", 3)))) == ["init n/a"])
    #expect(names(try machine.receive(line: line("ADDED", item("b", 4)))) == ["init n/b"])
    #expect(names(try machine.receive(line: line("DELETED", item("a", 5)))) == ["init delete n/a"])
    let bookmark = #"{"metadata":{"resourceVersion":"9"}}"#
    #expect(try machine.receive(line: line("BOOKMARK", bookmark)).isEmpty)
    machine.fail(.unreachable("reset"))
    #expect(machine.step == .stream)
    #expect(names(machine.streamBegins()) == ["start"])
    let end =
      #"{"metadata":{"resourceVersion":"12","annotations":{"k8s.io/initial-events-end":"true"}}}"#
    #expect(names(try machine.receive(line: line("BOOKMARK", end))) == ["done"])
    #expect(machine.step == .watch(revision: "12"))
  }

  @Test func `a mirror is told what was seen, with the words of the server`() throws {
    var machine = WatchMachine<ConfigMap>(keepsSources: true) {
      (reader) throws(JSONDecodingError) in
      try DecodedObject(decoding: reader)
    }
    _ = try machine.receive(page: page([item("a", 3)], revision: 7))
    let key = ObjectKey(namespace: "n", name: "a")
    #expect(
      machine.takeChanges() == [
        .listingBegins, .object(key, json: Array(item("a", 3).utf8)), .listingEnds,
      ])
    _ = try machine.receive(line: line("MODIFIED", item("a", 8)))
    _ = try machine.receive(line: line("DELETED", item("a", 9)))
    #expect(
      machine.takeChanges() == [.object(key, json: Array(item("a", 8).utf8)), .gone(key)])
    #expect(machine.takeChanges().isEmpty)
  }

  @Test func `an expired watch lists again and a broken one goes on`() throws {
    var machine = machine()
    _ = try machine.receive(page: page([], revision: 7))
    machine.fail(.unreachable("reset"))
    #expect(machine.step == .watch(revision: "7"))
    let status = #"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#
    let error = #expect(throws: KubernetesClientError.self) {
      try machine.receive(line: line("ERROR", status))
    }
    #expect(error == .refused(code: 410, reason: "Expired", message: "too old"))
    machine.fail(try #require(error))
    #expect(machine.step == .list(token: nil))
    #expect(names(try machine.receive(page: page([], revision: 9))) == ["start", "done"])
  }

  @Test func `a listing that fails half-way begins again`() throws {
    var machine = machine()
    _ = try machine.receive(page: page([item("a", 3)], revision: 7, token: "t"))
    machine.fail(.unreachable("reset"))
    #expect(machine.step == .list(token: nil))
    #expect(names(try machine.receive(page: page([], revision: 9))) == ["start", "done"])
  }

  @Test func `a bad object keeps its key and an unreadable one is left out`() throws {
    var machine = machine()
    let events = try machine.receive(
      page: page(
        [#"{"metadata":{"name":"x"},"data":[]}"#, #"{"metadata":7}"#, item("b", 1)], revision: 7))
    #expect(names(events) == ["start", "init x", "init n/b", "done"])
    guard case .initApply(let bad) = events[1] else {
      Issue.record("an object is expected")
      return
    }
    #expect(bad.value == nil)
    #expect(bad.issues.first?.path == "data")
  }

  @Test(arguments: [false, true])
  func `an object with metadata that cannot be read holds nobody up`(isStreamed: Bool) throws {
    // An API server takes a NUL in an annotation; a label like this it does not.
    let odd =
      #"{"metadata":{"annotations":{"a":"x\u0000y","b":"1"},"name":"x","namespace":"n","resourceVersion":"8"},"data":{"k":"v"}}"#
    let worse =
      #"{"metadata":{"labels":{"a":7},"name":"y","namespace":"n","uid":"u","resourceVersion":"9"}}"#
    var machine = machine()
    if isStreamed {
      machine.streamsLists = true
      _ = machine.streamBegins()
      #expect(names(try machine.receive(line: line("ADDED", odd))) == ["init n/x"])
      #expect(names(try machine.receive(line: line("ADDED", worse))) == ["init n/y"])
      return
    }
    let listed = try machine.receive(page: page([odd, worse, item("b", 1)], revision: 7))
    #expect(names(listed) == ["start", "init n/x", "init n/y", "init n/b", "done"])
    guard case .initApply(let first) = listed[1], case .initApply(let second) = listed[2] else {
      Issue.record("objects are expected")
      return
    }
    #expect(first.value?.data == ["k": "v"])
    #expect(first.metadata.annotations == ["a": "", "b": "1"])
    #expect(second.value == nil)
    #expect(second.metadata.uid == "u")
    #expect(second.issues.first?.path.contains("labels") == true)
    #expect(names(try machine.receive(line: line("MODIFIED", odd))) == ["apply n/x"])
    #expect(machine.step == .watch(revision: "8"))
    #expect(names(try machine.receive(line: line("MODIFIED", worse))) == ["apply n/y"])
    #expect(machine.step == .watch(revision: "9"))
  }

  @Test func `a watch that tells nonsense is given up for a list`() throws {
    var machine = machine()
    _ = try machine.receive(page: page([], revision: 7))
    machine.fail(.malformedAnswer("nonsense"))
    #expect(machine.step == .list(token: nil))
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"type":"ADDED"}"#, #"{"type":"ADDED","object":3}"#, "{", "\u{0}",
  ])
  func `garbage on a watch is an error`(text: String) throws {
    var machine = machine()
    _ = try machine.receive(page: page([], revision: 7))
    #expect(throws: KubernetesClientError.self) { try machine.receive(line: Array(text.utf8)) }
  }

  @Test(arguments: [
    "", "{}", #"{"items":[{]}"#, #"{"items":{}}"#, #"{"metadata":{"resourceVersion":7}}"#,
  ])
  func `a malformed page is an error`(text: String) throws {
    var machine = machine()
    #expect(throws: KubernetesClientError.self) { try machine.receive(page: Array(text.utf8)) }
  }

  @Test func `lines are found however the bytes are cut`() throws {
    let text = Array("one\n\ntwo\nthree".utf8)
    for size in 1...text.count {
      var splitter = LineSplitter()
      var lines: [String] = []
      for start in stride(from: 0, to: text.count, by: size) {
        let chunk = ByteBuffer(bytes: text[start..<min(start + size, text.count)])
        lines += try splitter.append(chunk).map { String(decoding: $0, as: UTF8.self) }
      }
      #expect(lines == ["one", "two"])
      #expect(splitter.finish().map { String(decoding: $0, as: UTF8.self) } == "three")
    }
  }

  @Test func `a line without end is an error`() throws {
    var splitter = LineSplitter(maximumLength: 100)
    #expect(throws: KubernetesClientError.self) {
      for _ in 0..<20 { _ = try splitter.append(ByteBuffer(repeating: 0x61, count: 10)) }
    }
  }

  @Test func `waits double with jitter up to the bound`() {
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    var bounds: [Duration] = []
    for span in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30] {
      let wait = backoff.next(using: &generator)
      #expect(wait >= .seconds(span / 2) && wait <= .seconds(span))
      bounds.append(wait)
    }
    backoff.reset()
    #expect(backoff.next(using: &generator) <= .milliseconds(800))
  }
}
