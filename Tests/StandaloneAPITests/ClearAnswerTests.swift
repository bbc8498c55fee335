internal import StreamingJSON
internal import Synchronization
import Testing

/// What the embedded API does not do, it says.
@Suite struct ClearAnswerTests {
  private static let maps = "/api/v1/namespaces/default/configmaps"

  @Test func `a page from before the kept history expires`() async throws {
    try await RunningAPI.run(retainedEvents: 4) { api in
      func put(_ name: String) async throws {
        let object: JSONValue = [
          "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
        ]
        #expect(try await api.request("POST", Self.maps, object).status == 201)
      }
      for number in 0..<3 { try await put("m\(number)") }
      let (_, page, _) = try await api.request("GET", "\(Self.maps)?limit=1")
      let token = try #require(page[path: ["metadata", "continue"]]?.stringValue)
      let (fresh, second, _) = try await api.request(
        "GET", "\(Self.maps)?limit=1&continue=\(token)")
      #expect(fresh == 200)
      #expect(
        second[path: ["metadata", "resourceVersion"]]
          == page[path: ["metadata", "resourceVersion"]])
      for number in 3..<12 { try await put("m\(number)") }
      let (expired, status, _) = try await api.request(
        "GET", "\(Self.maps)?limit=1&continue=\(token)")
      #expect(expired == 410)
      #expect(status["reason"] == "Expired")
      #expect(try await api.request("GET", "\(Self.maps)?continue=AAAA").status == 400)
    }
  }

  @Test func `a streamed list ends with its bookmark`() async throws {
    try await RunningAPI.run { api in
      _ = try await api.request(
        "POST", Self.maps, ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]])
      let seen = Mutex<[String]>([])
      let end = try await api.watch(
        "\(Self.maps)?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
          + "&allowWatchBookmarks=true"
      ) { event -> JSONValue? in
        seen.withLock { $0.append(event["type"]?.stringValue ?? "") }
        return event["type"] == "BOOKMARK" ? event["object"] : nil
      }
      #expect(seen.withLock { $0 } == ["ADDED", "BOOKMARK"])
      #expect(
        end?[path: ["metadata", "annotations", "k8s.io/initial-events-end"]] == "true")
    }
  }

  @Test(arguments: [
    ("POST", "/api/v1/namespaces/default/pods/p/exec", "exec"),
    ("GET", "/api/v1/namespaces/default/pods/p/log", "log"),
    ("POST", "/api/v1/namespaces/default/pods/p/eviction", "eviction"),
    ("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale", "scale"),
  ])
  func `subresources that need a cluster are named`(
    method: String, path: String, name: String
  ) async throws {
    try await RunningAPI.run { api in
      let (code, status, _) = try await api.request(method, path, method == "POST" ? [:] : nil)
      #expect(code == 404)
      let message = status["message"]?.stringValue ?? ""
      #expect(message.contains("\(name)\" is not here"), "\(message)")
    }
  }

  @Test func `a definition of another kind is kept and says that it is not served`() async throws {
    try await RunningAPI.run { api in
      let (code, made, _) = try await api.request(
        "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        [
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": ["name": "things.example.org"],
          "spec": ["group": "example.org", "names": ["plural": "things", "kind": "Thing"]],
        ])
      #expect(code == 201)
      let condition = made[path: ["status", "conditions"]]?.arrayValue?.first
      #expect(condition?["type"] == "Established")
      #expect(condition?["status"] == "False")
      #expect(condition?["message"]?.stringValue?.contains("kept, not acted on") == true)
    }
  }

  @Test func `unknown fields are refused, warned of or ignored, as asked`() async throws {
    try await RunningAPI.run { api in
      let path = "/apis/telemetry.istio.io/v1/namespaces/default/telemetries"
      func post(_ name: String, _ query: String) async throws -> (Int, String, [String]) {
        let (code, object, warnings) = try await api.request(
          "POST", path + query,
          [
            "apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry",
            "metadata": ["name": .string(name)], "spec": ["future": true],
          ])
        return (code, object["message"]?.stringValue ?? "", warnings)
      }
      let strict = try await post("a", "?fieldValidation=Strict")
      #expect(strict.0 == 400)
      #expect(strict.1.contains("strict decoding error: unknown field \"spec.future\""))
      let warned = try await post("a", "?fieldValidation=Warn")
      #expect(warned.0 == 201)
      #expect(warned.2 == [#"299 - "unknown field \"spec.future\"""#])
      let ignored = try await post("b", "?fieldValidation=Ignore")
      #expect(ignored.0 == 201)
      #expect(ignored.2 == [])
    }
  }
}
