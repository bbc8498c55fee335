internal import IstioAPI
internal import KubernetesAPI
internal import StreamingJSON

/// The OpenAPI v3 documents, which `kubectl explain` and checks before writes read.
///
/// Istio's kinds have their schemas; of the built-in ones only the kind and the metadata are described.
extension APIDiscovery {
  /// Where the document of each group and version is.
  static func openAPIRoots() -> JSONValue {
    var paths: JSONValue = [:]
    for (group, version) in groupVersions {
      let path = group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)"
      paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)")]
    }
    return ["paths": paths]
  }

  /// The document of a group and version; nil when they are not served.
  static func openAPIDocument(_ path: [String]) -> JSONValue? {
    let group = path.first == "apis" && path.count == 3 ? path[1] : ""
    guard let version = path.last, path.first == "apis" || (path.first == "api" && path.count == 2)
    else { return nil }
    let resources = served(group: group, version: version)
    guard !resources.isEmpty else { return nil }
    var paths: JSONValue = [:]
    var schemas: JSONValue = [:]
    for resource in resources {
      let kind: JSONValue = [
        "group": .string(group), "version": .string(version), "kind": .string(resource.kind),
      ]
      func operation(_ parameters: [String]) -> JSONValue {
        [
          "x-kubernetes-group-version-kind": kind,
          "parameters": .array(
            parameters.map { ["name": .string($0), "in": "query", "schema": ["type": "string"]] }),
          "responses": ["200": ["description": "OK"]],
        ]
      }
      let collection = resource.path(version: version, namespace: "{namespace}")
      paths[collection] = [
        "get": operation(["labelSelector", "fieldSelector", "limit", "continue"]),
        "post": operation(["dryRun", "fieldManager", "fieldValidation"]),
      ]
      paths[collection + "/{name}"] = [
        "get": operation([]), "put": operation(["dryRun", "fieldManager", "fieldValidation"]),
        "patch": operation(["dryRun", "fieldManager", "fieldValidation", "force"]),
      ]
      var schema = schema(of: resource)
      schema["x-kubernetes-group-version-kind"] = [kind]
      schemas[schemaName(resource, version)] = schema
    }
    return [
      "openapi": "3.0.0", "info": ["title": "Skein", "version": "v1.32.0"], "paths": paths,
      "components": ["schemas": schemas],
    ]
  }

  /// The name of a kind's schema, such as `io.istio.networking.v1.Gateway`.
  static func schemaName(_ resource: KubernetesResource, _ version: String) -> String {
    let group = resource.group.isEmpty ? "core" : resource.group
    let reversed = group.split(separator: ".").reversed().joined(separator: ".")
    return "\(reversed).\(version).\(resource.kind)"
  }

  /// The schema of a kind's objects.
  private static func schema(of resource: KubernetesResource) -> JSONValue {
    let text: JSONValue = ["type": "string"]
    var properties: JSONValue = ["apiVersion": text, "kind": text]
    properties["metadata"] = metadata
    var schema: JSONValue = ["type": "object"]
    if let specification = StructuralSchema.specification(of: resource.kind),
      KubernetesResource.istio.contains(resource)
    {
      properties["spec"] = specification.openAPI
      properties["status"] = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
    } else {
      schema["x-kubernetes-preserve-unknown-fields"] = true
    }
    schema["properties"] = properties
    return schema
  }

  private static let metadata: JSONValue = {
    let text: JSONValue = ["type": "string"]
    let texts: JSONValue = ["type": "object", "additionalProperties": text]
    return [
      "type": "object", "description": "What every object has: its name, place and labels.",
      "properties": [
        "name": text, "namespace": text, "generateName": text, "uid": text,
        "resourceVersion": text, "generation": ["type": "integer"], "creationTimestamp": text,
        "labels": texts, "annotations": texts,
        "finalizers": ["type": "array", "items": text],
      ],
      "x-kubernetes-preserve-unknown-fields": true,
    ]
  }()
}
