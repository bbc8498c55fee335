internal import StreamingJSON
import Testing

@Suite struct ServerSideApplyTests {
  private static let gateway =
    "/apis/networking.istio.io/v1/namespaces/default/destinationrules/a"

  /// Applies a DestinationRule with this spec, labels and status.
  @discardableResult
  private static func apply(
    _ api: RunningAPI, as manager: String, _ body: JSONValue, force: Bool = false,
    status: Bool = false
  ) async throws -> (status: Int, object: JSONValue, warnings: [String]) {
    let object = JSONValue.object(JSONObject()).merging([
      "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": ["name": "a"],
    ]).merging(body)
    return try await api.request(
      "PATCH",
      "\(gateway)\(status ? "/status" : "")?fieldManager=\(manager)\(force ? "&force=true" : "")",
      object, type: "application/apply-patch+yaml")
  }

  private static func owners(_ object: JSONValue) -> [String: JSONValue] {
    var owners: [String: JSONValue] = [:]
    for entry in object[path: ["metadata", "managedFields"]]?.arrayValue ?? [] {
      owners[entry["manager"]?.stringValue ?? ""] = entry["fieldsV1"]
    }
    return owners
  }

  private static let spec: JSONValue = ["spec": ["host": "a", "exportTo": ["*"]]]

  @Test func `a manager that changes another one's spec is told of the conflict`() async throws {
    try await RunningAPI.run { api in
      #expect(try await Self.apply(api, as: "one", Self.spec).status == 201)
      let (shared, both, _) = try await Self.apply(api, as: "two", Self.spec)
      #expect(shared == 200)
      #expect(Self.owners(both) == ["one": ["f:spec": [:]], "two": ["f:spec": [:]]])
      let other: JSONValue = ["spec": ["host": "b", "exportTo": ["*"]]]
      let (code, status, _) = try await Self.apply(api, as: "three", other)
      #expect(code == 409)
      #expect(status["reason"] == "Conflict")
      let causes = status[path: ["details", "causes"]]?.arrayValue ?? []
      #expect(causes.count == 2)
      #expect(causes.first?["reason"] == "FieldManagerConflict")
      #expect(causes.first?["field"] == ".spec.host")
      #expect(causes.first?["message"] == "conflict with \"one\"")
      let (forced, taken, _) = try await Self.apply(api, as: "three", other, force: true)
      #expect(forced == 200)
      #expect(taken[path: ["spec", "host"]] == "b")
      #expect(Self.owners(taken) == ["three": ["f:spec": [:]]])
    }
  }

  @Test func `labels have owners of their own`() async throws {
    try await RunningAPI.run { api in
      try await Self.apply(
        api, as: "one", Self.spec.merging(["metadata": ["labels": ["a": "1"]]]))
      let (code, object, _) = try await Self.apply(
        api, as: "two", ["metadata": ["labels": ["b": "2"]]])
      #expect(code == 200)
      #expect(object[path: ["metadata", "labels"]] == ["a": "1", "b": "2"])
      let (_, less, _) = try await Self.apply(api, as: "two", ["metadata": ["labels": [:]]])
      #expect(less[path: ["metadata", "labels"]] == ["a": "1"])
      #expect(less[path: ["spec", "host"]] == "a")
    }
  }

  @Test func `what a manager leaves out stays where it is somebody else's`() async throws {
    try await RunningAPI.run { api in
      func labels(_ labels: JSONValue) -> JSONValue {
        Self.spec.merging(["metadata": ["labels": labels]])
      }
      func present(_ object: JSONValue) -> JSONValue? { object[path: ["metadata", "labels"]] }
      try await Self.apply(api, as: "one", labels(["edited": "1", "shared": "1", "own": "1"]))
      try await Self.apply(
        api, as: "two", ["metadata": ["labels": ["shared": "1"]]])
      _ = try await api.request(
        "PATCH", "\(Self.gateway)?fieldManager=editor",
        ["metadata": ["labels": ["edited": "2"]]], type: "application/merge-patch+json")
      // Neither what another one changed nor what another one applies goes, even with all labels left out.
      let (code, less, _) = try await Self.apply(api, as: "one", Self.spec)
      #expect(code == 200)
      #expect(present(less) == ["edited": "2", "shared": "1"])
      let (_, none, _) = try await Self.apply(api, as: "two", ["metadata": [:]])
      #expect(present(none) == ["edited": "2"])
      #expect(none[path: ["spec", "host"]] == "a")
      // A spec that two apply stays with the one who still does.
      try await Self.apply(api, as: "two", Self.spec)
      let (_, left, _) = try await Self.apply(api, as: "two", ["metadata": [:]])
      #expect(left[path: ["spec", "host"]] == "a")
      #expect(Self.owners(left).keys.sorted() == ["editor", "one"])
    }
  }

  @Test func `what kubectl applied itself before goes when it is left out on the server`()
    async throws
  {
    try await RunningAPI.run { api in
      let labels: JSONValue = ["metadata": ["labels": ["kept": "1", "dropped": "1"]]]
      let other: JSONValue = ["metadata": ["labels": ["other": "1"]]]
      _ = try await Self.apply(api, as: "other", Self.spec.merging(other))
      _ = try await api.request(
        "PATCH", "\(Self.gateway)?fieldManager=kubectl-client-side-apply", labels,
        type: "application/merge-patch+json")
      let kept: JSONValue = ["metadata": ["labels": ["kept": "1"]]]
      let (_, first, _) = try await Self.apply(api, as: "kubectl", kept)
      #expect(first[path: ["metadata", "labels", "dropped"]] == "1")
      // kubectl makes one entry of its two.
      let entries = (first[path: ["metadata", "managedFields"]]?.arrayValue ?? []).compactMap {
        entry -> JSONValue? in
        if entry["manager"] == "kubectl-client-side-apply" { return nil }
        guard entry["manager"] == "kubectl" else { return entry }
        var entry = entry
        entry[path: ["fieldsV1", "f:metadata", "f:labels", "f:dropped"]] = [:]
        return entry
      }
      _ = try await api.request(
        "PATCH", Self.gateway,
        [["op": "replace", "path": "/metadata/managedFields", "value": .array(entries)]],
        type: "application/json-patch+json")
      let (_, second, _) = try await Self.apply(api, as: "kubectl", kept)
      #expect(second[path: ["metadata", "labels"]] == ["kept": "1", "other": "1"])
    }
  }

  @Test func `a part of a spec cannot be shared, and the answer says so`() async throws {
    try await RunningAPI.run { api in
      try await Self.apply(api, as: "one", Self.spec)
      for force in [false, true] {
        let (code, status, _) = try await Self.apply(
          api, as: "two", ["spec": ["subsets": [["name": "v1"]]]], force: force)
        #expect(code == 415)
        #expect(status["message"]?.stringValue?.contains("owned by \"one\" as a whole") == true)
      }
    }
  }

  @Test func `an edit is a conflict for the applier, and force takes it back`() async throws {
    try await RunningAPI.run { api in
      try await Self.apply(api, as: "one", Self.spec)
      let (_, edited, _) = try await api.request(
        "PATCH", "\(Self.gateway)?fieldManager=editor", ["spec": ["host": "edited"]],
        type: "application/merge-patch+json")
      #expect(Self.owners(edited).keys.sorted() == ["editor", "one"])
      let (code, status, _) = try await Self.apply(api, as: "one", Self.spec)
      #expect(code == 409)
      #expect(status["message"]?.stringValue?.contains("conflict with \"editor\"") == true)
      let (_, back, _) = try await Self.apply(api, as: "one", Self.spec, force: true)
      #expect(back[path: ["spec", "host"]] == "a")
      #expect(Self.owners(back) == ["one": ["f:spec": [:]]])
    }
  }

  @Test func `writers of a status own their conditions each`() async throws {
    try await RunningAPI.run { api in
      let (_, created, _) = try await Self.apply(api, as: "user", Self.spec)
      func status(_ type: String, _ value: String) -> JSONValue {
        ["status": ["conditions": [["type": .string(type), "status": .string(value)]]]]
      }
      try await Self.apply(api, as: "skein", status("Accepted", "True"), status: true)
      let (code, both, _) = try await Self.apply(
        api, as: "other", status("Programmed", "True"), status: true)
      #expect(code == 200)
      #expect(
        both[path: ["status", "conditions"]] == [
          ["type": "Accepted", "status": "True"], ["type": "Programmed", "status": "True"],
        ])
      #expect(both[path: ["metadata", "generation"]] == created[path: ["metadata", "generation"]])
      let (conflict, _, _) = try await Self.apply(
        api, as: "other", status("Accepted", "False"), status: true)
      #expect(conflict == 409)
      let (_, again, _) = try await Self.apply(
        api, as: "skein", status("Accepted", "True"), status: true)
      #expect(
        again[path: ["metadata", "resourceVersion"]] == both[path: ["metadata", "resourceVersion"]]
      )
      let (_, gone, _) = try await Self.apply(
        api, as: "skein", ["status": ["conditions": []]], status: true)
      #expect(
        gone[path: ["status", "conditions"]] == [["type": "Programmed", "status": "True"]])
      #expect(gone[path: ["spec", "host"]] == "a")
    }
  }

  @Test func `an apply needs a manager, and a rehearsal leaves no trace`() async throws {
    try await RunningAPI.run { api in
      let (code, _, _) = try await Self.apply(api, as: "", Self.spec)
      #expect(code == 422)
      let (rehearsed, _, _) = try await Self.apply(api, as: "one&dryRun=All", Self.spec)
      #expect(rehearsed == 201)
      #expect(try await api.request("GET", Self.gateway).status == 404)
    }
  }

  @Test func `leases are kept and only the holder of the newest version writes`() async throws {
    try await RunningAPI.run { api in
      let path = "/apis/coordination.k8s.io/v1/namespaces/istio-system/leases"
      let lease: JSONValue = [
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "leader"],
        "spec": ["holderIdentity": "a", "leaseDurationSeconds": 30, "leaseTransitions": 0],
      ]
      let (_, created, _) = try await api.request("POST", path, lease)
      var taken = created
      taken[path: ["spec", "holderIdentity"]] = "b"
      #expect(try await api.request("PUT", "\(path)/leader", taken).status == 200)
      var late = created
      late[path: ["spec", "holderIdentity"]] = "c"
      let (code, status, _) = try await api.request("PUT", "\(path)/leader", late)
      #expect(code == 409)
      #expect(status["reason"] == "Conflict")
    }
  }
}
