internal import KubernetesAPI
internal import StreamingJSON

/// What the embedded API says about itself.
enum APIDiscovery {
  /// The answer to a discovery path; `nil` when it is none.
  static func document(path: [String]) -> JSONValue? {
    switch (path.count, path.first) {
    case (1, "api"):
      [
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
      ]
    case (2, "api") where path[1] == "v1": resources(group: "", version: "v1")
    case (1, "apis"):
      ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map { group($0) })]
    case (2, "apis") where groups.contains(path[1]):
      JSONValue.object(JSONObject()).merging(["kind": "APIGroup", "apiVersion": "v1"])
        .merging(group(path[1]))
    case (3, "apis") where versions(of: path[1]).contains(path[2]):
      resources(group: path[1], version: path[2])
    case (1, "version"):
      [
        "major": "1", "minor": "32", "gitVersion": "v1.32.0+skein", "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "", "goVersion": "", "compiler": "swift", "platform": "linux",
      ]
    case (2, "openapi") where path[1] == "v2":
      [
        "swagger": "2.0", "info": ["title": "Skein", "version": "v1.32.0"], "paths": [:],
        "definitions": [:],
      ]
    case (2, "openapi") where path[1] == "v3": openAPIRoots()
    case (3..., "openapi") where path[1] == "v3": openAPIDocument(Array(path.dropFirst(2)))
    default: nil
    }
  }

  // MARK: Groups and resources

  /// The group of TokenReview, which no object belongs to.
  private static let authentication = "authentication.k8s.io"

  private static let groups: [String] = {
    var names = [authentication]
    for resource in KubernetesResource.all where !resource.group.isEmpty {
      if !names.contains(resource.group) { names.append(resource.group) }
    }
    return names
  }()

  private static func versions(of group: String) -> [String] {
    if group == authentication { return ["v1"] }
    var versions: [String] = []
    for resource in KubernetesResource.all where resource.group == group {
      for version in resource.versions where !versions.contains(version) {
        versions.append(version)
      }
    }
    return versions
  }

  private static func group(_ name: String) -> JSONValue {
    let versions: [JSONValue] = versions(of: name).map { version in
      ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
    }
    return [
      "name": .string(name), "versions": .array(versions),
      "preferredVersion": versions.first ?? [:],
    ]
  }

  private static func resources(group: String, version: String) -> JSONValue {
    let verbs: JSONValue = [
      "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]
    var list: [JSONValue] = []
    for resource in served(group: group, version: version) {
      var entry: JSONValue = [
        "name": .string(resource.plural), "singularName": .string(resource.singular),
        "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind), "verbs": verbs,
      ]
      if !resource.shortNames.isEmpty {
        entry["shortNames"] = .array(resource.shortNames.map { .string($0) })
      }
      if KubernetesResource.istio.contains(resource) { entry["categories"] = ["istio-io"] }
      list.append(entry)
      list.append([
        "name": .string("\(resource.plural)/status"), "singularName": "",
        "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
        "verbs": ["get", "patch", "update"],
      ])
    }
    let make: JSONValue = ["create"]
    if group.isEmpty {
      list.append([
        "name": "serviceaccounts/token", "singularName": "", "namespaced": true,
        "group": .string(authentication), "version": "v1", "kind": "TokenRequest", "verbs": make,
      ])
    } else if group == authentication {
      list.append([
        "name": "tokenreviews", "singularName": "tokenreview", "namespaced": false,
        "kind": "TokenReview", "verbs": make,
      ])
    }
    return [
      "kind": "APIResourceList", "apiVersion": "v1",
      "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
      "resources": .array(list),
    ]
  }

  static func served(group: String, version: String) -> [KubernetesResource] {
    KubernetesResource.all.filter { $0.group == group && $0.versions.contains(version) }
  }

  // MARK: OpenAPI v3

  private static func openAPIRoots() -> JSONValue {
    var paths: JSONValue = [:]
    for (group, version) in groupVersions {
      let path = group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
      paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)")]
    }
    return ["paths": paths]
  }

  static var groupVersions: [(String, String)] {
    [("", "v1")] + groups.flatMap { group in versions(of: group).map { (group, $0) } }
  }

  /// Tells clients only that a patch can be a dry run, which kubectl looks up before it asks for one.
  private static func openAPIDocument(_ path: [String]) -> JSONValue? {
    let group = path.first == "apis" && path.count == 3 ? path[1] : ""
    guard let version = path.last, path.first == "apis" || (path.first == "api" && path.count == 2)
    else { return nil }
    let resources = served(group: group, version: version)
    guard !resources.isEmpty else { return nil }
    var paths: JSONValue = [:]
    for resource in resources {
      let kind: JSONValue = [
        "group": .string(group), "version": .string(version), "kind": .string(resource.kind),
      ]
      let operation: JSONValue = [
        "x-kubernetes-group-version-kind": kind,
        "parameters": [["name": "dryRun", "in": "query", "schema": ["type": "string"]]],
        "responses": ["200": ["description": "OK"]],
      ]
      let place = resource.path(version: version, namespace: "{namespace}", name: "{name}")
      paths[place] = ["patch": operation]
    }
    return [
      "openapi": "3.0.0", "info": ["title": "Skein", "version": "v1.32.0"], "paths": paths,
      "components": ["schemas": [:]],
    ]
  }
}
