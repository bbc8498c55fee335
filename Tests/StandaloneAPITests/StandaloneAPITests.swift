internal import Foundation
internal import StreamingJSON
import Testing

@Suite struct StandaloneAPITests {
  private static let maps = "/api/v1/namespaces/default/configmaps"
  private static let rules = "/apis/networking.istio.io/v1/namespaces/default/virtualservices"

  private static func map(_ name: String, _ value: String = "1") -> JSONValue {
    [
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": ["name": .string(name), "labels": ["a": "b"]],
      "data": ["v": .string(value)],
    ]
  }

  @Test func `an object gains identity and keeps it through changes`() async throws {
    try await RunningAPI.run { api in
      let (code, created, _) = try await api.request("POST", Self.maps, Self.map("a"))
      #expect(code == 201)
      let metadata = try #require(created["metadata"])
      #expect(metadata["uid"]?.stringValue?.count == 36)
      #expect(metadata["generation"] == 1)
      #expect(metadata["creationTimestamp"]?.stringValue?.hasSuffix("Z") == true)
      var changed = created
      changed["data"] = ["v": "2"]
      let (_, second, _) = try await api.request("PUT", "\(Self.maps)/a", changed)
      #expect(second[path: ["metadata", "generation"]] == 2)
      #expect(second[path: ["metadata", "uid"]] == metadata["uid"])
      #expect(second[path: ["metadata", "resourceVersion"]] != metadata["resourceVersion"])
      let (_, same, _) = try await api.request("PUT", "\(Self.maps)/a", second)
      #expect(same == second)
      var labelled = second
      labelled[path: ["metadata", "labels", "x"]] = "y"
      let (_, third, _) = try await api.request("PUT", "\(Self.maps)/a", labelled)
      #expect(third[path: ["metadata", "generation"]] == 2)
    }
  }

  @Test func `stale and doubled writes conflict`() async throws {
    try await RunningAPI.run { api in
      let (_, created, _) = try await api.request("POST", Self.maps, Self.map("a"))
      let (twice, status, _) = try await api.request("POST", Self.maps, Self.map("a"))
      #expect(twice == 409)
      #expect(status["reason"] == "AlreadyExists")
      var changed = created
      changed["data"] = ["v": "2"]
      #expect(try await api.request("PUT", "\(Self.maps)/a", changed).status == 200)
      changed["data"] = ["v": "3"]
      let (stale, conflict, _) = try await api.request("PUT", "\(Self.maps)/a", changed)
      #expect(stale == 409)
      #expect(conflict["reason"] == "Conflict")
      let patch: JSONValue = ["metadata": ["resourceVersion": "1"]]
      let (patched, _, _) = try await api.request(
        "PATCH", "\(Self.maps)/a", patch, type: "application/merge-patch+json")
      #expect(patched == 409)
      let options: JSONValue = ["preconditions": ["uid": "other"]]
      #expect(try await api.request("DELETE", "\(Self.maps)/a", options).status == 409)
      #expect(try await api.request("DELETE", "\(Self.maps)/a").status == 200)
      #expect(try await api.request("DELETE", "\(Self.maps)/a").status == 404)
    }
  }

  @Test func `of concurrent writers with one version only one wins`() async throws {
    try await RunningAPI.run { api in
      let (_, created, _) = try await api.request("POST", Self.maps, Self.map("a"))
      let codes = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<8 {
          group.addTask {
            var changed = created
            changed["data"] = ["v": .string("w\(number)")]
            return try await api.request("PUT", "\(Self.maps)/a", changed).status
          }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(codes.count { $0 == 200 } == 1)
      #expect(codes.count { $0 == 409 } == 7)
    }
  }

  @Test func `a watch tells of every change after its revision, in order`() async throws {
    try await RunningAPI.run { api in
      let (_, first, _) = try await api.request("POST", Self.maps, Self.map("a"))
      let revision = try #require(first[path: ["metadata", "resourceVersion"]]?.stringValue)
      _ = try await api.request("POST", "/api/v1/namespaces", ["metadata": ["name": "other"]])
      for value in 2...5 {
        _ = try await api.request(
          "PATCH", "\(Self.maps)/a", ["data": ["v": .string("\(value)")]],
          type: "application/merge-patch+json")
      }
      _ = try await api.request("DELETE", "\(Self.maps)/a")
      let seen = EventLog()
      _ = try await api.watch("\(Self.maps)?watch=1&resourceVersion=\(revision)&timeoutSeconds=20")
      {
        event -> Bool? in
        await seen.add(event)
        return event["type"] == "DELETED" ? true : nil
      }
      let events = await seen.events
      #expect(
        events.map { $0["type"]?.stringValue } == [
          "MODIFIED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED",
        ])
      #expect(
        events.compactMap { $0[path: ["object", "data", "v"]]?.stringValue } == [
          "2", "3", "4", "5", "5",
        ])
      let versions = events.compactMap {
        $0[path: ["object", "metadata", "resourceVersion"]]?.stringValue.flatMap { Int($0) }
      }
      #expect(versions == versions.sorted() && Set(versions).count == 5)
    }
  }

  @Test func `a watch with a selector sees objects come and go`() async throws {
    try await RunningAPI.run { api in
      _ = try await api.request("POST", Self.maps, Self.map("a"))
      let seen = EventLog()
      _ = try await api.watch("\(Self.maps)?watch=1&labelSelector=a%3Db&timeoutSeconds=20") {
        event -> Bool? in
        let count = await seen.add(event)
        if count == 1 {
          for value in ["x", "b"] {
            _ = try await api.request(
              "PATCH", "\(Self.maps)/a", ["metadata": ["labels": ["a": .string(value)]]],
              type: "application/merge-patch+json")
          }
        }
        return count == 3 ? true : nil
      }
      #expect(await seen.events.map { $0["type"]?.stringValue } == ["ADDED", "DELETED", "ADDED"])
    }
  }

  @Test func `a watch ends in time, with a bookmark`() async throws {
    try await RunningAPI.run { api in
      let seen = EventLog()
      let end: Bool? = try await api.watch(
        "\(Self.maps)?watch=1&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=1"
      ) {
        event in
        await seen.add(event)
        return nil
      }
      #expect(end == nil)
      let last = try #require(await seen.events.last)
      #expect(last["type"] == "BOOKMARK")
      #expect(
        last[path: ["object", "metadata", "resourceVersion"]]?.stringValue.flatMap { Int($0) } ?? 0
          >= 4)
    }
  }

  @Test func `a watch from a revision that is not there says so`() async throws {
    try await RunningAPI.run { api in
      let event = try await api.watch(
        "\(Self.maps)?watch=1&resourceVersion=999999&timeoutSeconds=5"
      ) { $0 }
      #expect(event?["type"] == "ERROR")
      #expect(event?[path: ["object", "code"]] == 410)
    }
  }

  @Test func `objects and revisions survive a restart`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = try await RunningAPI.run(folder: folder) { api in
      try await api.request("POST", Self.maps, Self.map("a")).object
    }
    try await RunningAPI.run(folder: folder) { api in
      let (_, after, _) = try await api.request("GET", "\(Self.maps)/a")
      #expect(after == before)
      let (_, list, _) = try await api.request("GET", Self.maps)
      #expect(
        list[path: ["metadata", "resourceVersion"]]
          == before[path: ["metadata", "resourceVersion"]])
    }
  }

  @Test func `one object is served in every version of its kind`() async throws {
    try await RunningAPI.run { api in
      let rule: JSONValue = [
        "apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService",
        "metadata": ["name": "a"],
        "spec": ["hosts": ["x"], "http": [["directResponse": ["status": 200]]]],
      ]
      let old = "/apis/networking.istio.io/v1alpha3/namespaces/default/virtualservices"
      #expect(try await api.request("POST", old, rule).status == 201)
      for version in ["v1", "v1beta1", "v1alpha3"] {
        let (_, object, _) = try await api.request(
          "GET", "/apis/networking.istio.io/\(version)/namespaces/default/virtualservices/a")
        #expect(object["apiVersion"]?.stringValue == "networking.istio.io/\(version)")
      }
      #expect(try await api.request("POST", Self.rules, rule).status == 400)
      #expect(
        try await api.request("GET", "/apis/networking.istio.io/v9/virtualservices").status == 404)
    }
  }

  @Test func `a wrong specification is refused with its fields and stores nothing`() async throws {
    try await RunningAPI.run { api in
      let rule: JSONValue = [
        "metadata": ["name": "a"],
        "spec": ["hosts": ["x", "x"], "http": [["route": [["destination": ["host": "*"]]]]]],
      ]
      let (code, status, _) = try await api.request("POST", Self.rules, rule)
      #expect(code == 422)
      let causes = status[path: ["details", "causes"]]?.arrayValue ?? []
      #expect(
        causes.compactMap { $0["field"]?.stringValue } == [
          "spec.hosts[1]", "spec.http[0].route[0].destination.host",
        ])
      #expect(try await api.request("GET", "\(Self.rules)/a").status == 404)
    }
  }

  @Test func `unknown fields are kept and warned about`() async throws {
    try await RunningAPI.run { api in
      let rule: JSONValue = [
        "metadata": ["name": "a"],
        "spec": ["hosts": ["x"], "future": 1, "http": [["directResponse": ["status": 200]]]],
      ]
      let (code, object, warnings) = try await api.request("POST", Self.rules, rule)
      #expect(code == 201)
      #expect(warnings == [#"299 - "unknown field \"spec.future\"""#])
      #expect(object[path: ["spec", "future"]] == 1)
    }
  }

  @Test(arguments: [
    ("{", 400), ("[]", 400), ("\u{0}", 400),
    ("{\"metadata\":{\"name\":\"a\",\"name\":\"b\"}}", 400),
    ("{\"metadata\":[]}", 400), ("{}", 400), ("{\"metadata\":{\"name\":\"A_b\"}}", 422),
    ("{\"metadata\":{\"name\":\"a\",\"labels\":3}}", 422),
    ("{\"metadata\":{\"name\":\"a\"},\"data\":[]}", 422),
    ("{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}", 400),
    ("{\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}", 400),
    ("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"3\"}}", 400), ("\"\u{1}\"", 400),
    (String(repeating: "[", count: 10_000), 400),
    (String(repeating: "{\"a\":", count: 10_000), 400),
  ])
  func `bad bodies are refused and the server goes on`(body: String, code: Int) async throws {
    try await RunningAPI.run { api in
      let (status, object, _) = try await api.request("POST", Self.maps, raw: Array(body.utf8))
      #expect(status == code, "\(object)")
      #expect(object["kind"] == "Status")
      #expect(try await api.request("POST", Self.maps, Self.map("fine")).status == 201)
    }
  }

  @Test func `an object over the limit is refused and one below is kept`() async throws {
    try await RunningAPI.run { api in
      let limit = 3 << 19
      let large = Self.map("a", String(repeating: "x", count: limit))
      let refused = try await api.request("POST", Self.maps, large)
      #expect(refused.status == 413)
      let huge = Self.map("a", String(repeating: "x", count: 3 * limit))
      #expect(try await api.request("POST", Self.maps, huge).status == 413)
      let fitting = Self.map("a", String(repeating: "x", count: limit - 4_096))
      #expect(try await api.request("POST", Self.maps, fitting).status == 201)
    }
  }

  @Test func `json patches are applied or refused`() async throws {
    try await RunningAPI.run { api in
      _ = try await api.request("POST", Self.maps, Self.map("a"))
      let type = "application/json-patch+json"
      let good: JSONValue = [
        ["op": "test", "path": "/data/v", "value": "1"],
        ["op": "add", "path": "/data/w~1x", "value": "2"],
        ["op": "copy", "from": "/data/v", "path": "/data/z"], ["op": "remove", "path": "/data/v"],
      ]
      let (code, object, _) = try await api.request("PATCH", "\(Self.maps)/a", good, type: type)
      #expect(code == 200)
      #expect(object["data"] == ["w/x": "2", "z": "1"])
      for bad in [
        [["op": "remove", "path": "/none"]], [["op": "test", "path": "/data/z", "value": "9"]],
        [["op": "x"]], [:],
        [["op": "replace", "path": "/data/none/deep", "value": 1]],
        [["op": "replace", "path": "/metadata/name", "value": "other"]],
      ] as [JSONValue] {
        let (code, _, _) = try await api.request("PATCH", "\(Self.maps)/a", bad, type: type)
        #expect((400..<500).contains(code), "\(bad)")
      }
      #expect(
        try await api.request("PATCH", "\(Self.maps)/a", [:], type: "text/plain").status == 415)
    }
  }

  @Test func `lists come in pages and by selectors`() async throws {
    try await RunningAPI.run { api in
      for number in 0..<5 {
        var map = Self.map("m\(number)")
        map[path: ["metadata", "labels", "odd"]] = .string(number % 2 == 0 ? "no" : "yes")
        _ = try await api.request("POST", Self.maps, map)
      }
      var names: [String] = []
      var token = ""
      repeat {
        let (_, page, _) = try await api.request("GET", "\(Self.maps)?limit=2&continue=\(token)")
        names += (page["items"]?.arrayValue ?? []).compactMap {
          $0[path: ["metadata", "name"]]?.stringValue
        }
        token = page[path: ["metadata", "continue"]]?.stringValue ?? ""
      } while !token.isEmpty
      #expect(names == ["m0", "m1", "m2", "m3", "m4"])
      for (query, count) in [
        ("labelSelector=odd%3Dyes", 2), ("labelSelector=odd!%3Dyes", 3),
        ("labelSelector=odd+in+(yes,no)", 5),
        ("labelSelector=odd+notin+(yes)", 3), ("labelSelector=!odd", 0),
        ("labelSelector=odd,a%3Db", 5),
        ("fieldSelector=metadata.name%3Dm1", 1), ("fieldSelector=metadata.namespace!%3Ddefault", 0),
      ] {
        let (_, list, _) = try await api.request("GET", "\(Self.maps)?\(query)")
        #expect(list["items"]?.arrayValue?.count == count, "\(query)")
      }
      #expect(try await api.request("GET", "\(Self.maps)?labelSelector=a+b+c").status == 400)
      let rehearsal: JSONValue = ["dryRun": ["All"]]
      #expect(try await api.request("DELETE", Self.maps, rehearsal).status == 200)
      #expect(try await api.request("DELETE", "/api/v1/namespaces").status == 405)
      let (_, all, _) = try await api.request("GET", Self.maps)
      #expect(all["items"]?.arrayValue?.count == 5)
      #expect(try await api.request("DELETE", "\(Self.maps)?labelSelector=odd%3Dyes").status == 200)
      let (_, rest, _) = try await api.request("GET", Self.maps)
      #expect(rest["items"]?.arrayValue?.count == 3)
    }
  }

  @Test(arguments: [
    "/", "/apis/x", "/api/v1/things", "/apis/networking.istio.io/v1/namespaces/a/b/c/d/e/f",
  ])
  func `paths that name nothing are not found`(path: String) async throws {
    try await RunningAPI.run { api in
      let (code, status, _) = try await api.request("GET", path)
      #expect(code == 404)
      #expect(status["kind"] == "Status")
    }
  }

  @Test func `removing a field by server-side apply removes it`() async throws {
    try await RunningAPI.run { api in
      let type = "application/apply-patch+yaml"
      let path = "\(Self.maps)/a?fieldManager=me&force=true"
      let first = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '1', y: '2'}}"
      #expect(
        try await api.request("PATCH", path, raw: Array(first.utf8), type: type).status == 201)
      _ = try await api.request(
        "PATCH", "\(Self.maps)/a", ["data": ["z": "3"]], type: "application/merge-patch+json")
      let second = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '4'}}"
      let (code, object, _) = try await api.request(
        "PATCH", path, raw: Array(second.utf8), type: type)
      #expect(code == 200)
      #expect(object["data"] == ["x": "4", "z": "3"])
    }
  }
}

/// Events in the order they came.
actor EventLog {
  private(set) var events: [JSONValue] = []

  @discardableResult
  func add(_ event: JSONValue) -> Int {
    events.append(event)
    return events.count
  }
}
