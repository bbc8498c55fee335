internal import Foundation
internal import Installation
internal import KubernetesAPI
import MeshTesting
internal import StreamingJSON
import Testing
internal import YAML

@Suite struct ManifestTests {
  private static let folder = EnvoyBinary.packageFolder + "/Manifests"
  /// The folders that hold nothing but made files.
  private static let made = ["chart", "crds"]

  private static func documents(_ text: String) throws -> [JSONValue] {
    try YAMLReader.documents(Array(text.utf8), file: "made").map(\.value)
  }

  @Test func `the committed files are those the program makes`() throws {
    let files = ManifestText.files
    if ProcessInfo.processInfo.environment["UPDATE_MANIFESTS"] != nil {
      for name in Self.made {
        try? FileManager.default.removeItem(atPath: "\(Self.folder)/\(name)")
      }
      for (path, text) in files {
        let url = URL(fileURLWithPath: "\(Self.folder)/\(path)")
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
      }
    }
    for (path, text) in files {
      let committed = try? String(contentsOfFile: "\(Self.folder)/\(path)", encoding: .utf8)
      #expect(committed == text, "Manifests/\(path): run make manifests")
    }
    for name in Self.made {
      let paths = FileManager.default.enumerator(atPath: "\(Self.folder)/\(name)")
      while let path = paths?.nextObject() as? String {
        guard path.hasSuffix(".yaml") else { continue }
        #expect(files["\(name)/\(path)"] != nil, "Manifests/\(name)/\(path) is stale")
      }
    }
  }

  @Test func `every kind of Istio's is defined in every version it is served in`() throws {
    for resource in KubernetesResource.istio {
      let name = "\(resource.plural).\(resource.group)"
      let text = try #require(ManifestText.files["crds/\(name).yaml"])
      let definition = try #require(try Self.documents(text).first)
      let versions = definition[path: ["spec", "versions"]]?.arrayValue ?? []
      #expect(versions.compactMap { $0["name"]?.stringValue } == resource.versions)
      #expect(versions.filter { $0["storage"] == true }.count == 1)
      for version in versions {
        let schema = try #require(version[path: ["schema", "openAPIV3Schema"]])
        Self.checkStructure(schema, name)
        #expect(schema[path: ["properties", "spec", "properties"]] != nil, "\(name)")
        #expect(version[path: ["subresources", "status"]] != nil)
      }
    }
  }

  /// The rules an API server has for structural schemas: every node has a type, what is required exists,
  /// and properties and additional properties exclude each other.
  private static func checkStructure(_ schema: JSONValue, _ path: String) {
    let type = schema["type"]?.stringValue
    #expect(
      ["object", "array", "string", "integer", "number", "boolean"].contains(type), "\(path)")
    #expect((type == "array") == (schema["items"] != nil), "\(path)")
    #expect(schema["properties"] == nil || schema["additionalProperties"] == nil, "\(path)")
    let properties = schema["properties"]?.objectValue ?? JSONObject()
    for name in schema["required"]?.arrayValue ?? [] {
      #expect(properties[name.stringValue ?? ""] != nil, "\(path) requires \(name)")
    }
    for (name, child) in properties { checkStructure(child, "\(path).\(name)") }
    for key in ["items", "additionalProperties"] {
      if let child = schema[key] { checkStructure(child, "\(path).\(key)") }
    }
  }

  @Test(arguments: InstallationValues.Profile.allCases)
  func `the objects of a profile fit together`(profile: InstallationValues.Profile) throws {
    let objects = Installation(values: InstallationValues(profile: profile)).objects
    let names = Set(objects.map { "\($0.resource.kind) \($0.key)" })
    #expect(names.count == objects.count, "an object is there twice")
    #expect(names.contains("Deployment istio-system/istiod"))
    #expect(names.contains("Service istio-system/istiod"))
    #expect(
      names.contains("Deployment istio-system/istio-ingressgateway") == (profile != .minimal))
    for object in objects where object.resource == .deployments {
      let pod = try #require(object.value[path: ["spec", "template"]])
      let labels = pod[path: ["metadata", "labels"]]
      let selector = object.value[path: ["spec", "selector", "matchLabels"]]
      for (key, value) in selector?.objectValue ?? JSONObject() {
        #expect(labels?[key] == value, "\(object.key): the selector misses its pods")
      }
      let account = pod[path: ["spec", "serviceAccountName"]]?.stringValue ?? ""
      #expect(names.contains("ServiceAccount istio-system/\(account)"))
      let volumes = Set(
        pod[path: ["spec", "volumes"]]?.arrayValue?.compactMap { $0["name"] } ?? [])
      for container in pod[path: ["spec", "containers"]]?.arrayValue ?? [] {
        #expect(container["readinessProbe"] != nil)
        for mount in container["volumeMounts"]?.arrayValue ?? [] {
          #expect(volumes.contains(mount["name"] ?? .null), "\(mount)")
        }
      }
      for other in [KubernetesResource.services, .podDisruptionBudgets] {
        let twin = try #require(objects.first { $0.resource == other && $0.key == object.key })
        let own =
          twin.value[path: ["spec", "selector", "matchLabels"]]
          ?? twin.value[path: ["spec", "selector"]]
        #expect(own == selector, "\(object.key): \(other.kind)")
      }
    }
  }

  @Test func `webhooks of the ports and paths the control plane serves`() throws {
    let objects = Installation(values: InstallationValues(profile: .default)).objects
    let service = try #require(
      objects.first { $0.resource == .services && $0.key.name == "istiod" })
    let ports = service.value[path: ["spec", "ports"]]?.arrayValue ?? []
    #expect(ports.first { $0["port"] == 443 }?["targetPort"] == 15_017)
    var webhooks: [String] = []
    for object in objects
    where [.mutatingWebhookConfigurations, .validatingWebhookConfigurations].contains(
      object.resource)
    {
      #expect(object.value[path: ["metadata", "labels", "istio.io/rev"]] == "default")
      for webhook in object.value["webhooks"]?.arrayValue ?? [] {
        webhooks.append(webhook["name"]?.stringValue ?? "")
        let target = webhook[path: ["clientConfig", "service"]]
        #expect(target?["name"] == "istiod" && target?["port"] == 443)
        #expect(["/inject", "/validate"].contains(target?["path"]))
      }
    }
    #expect(
      webhooks.sorted() == [
        "namespace.sidecar-injector.istio.io", "object.sidecar-injector.istio.io",
        "rev.namespace.sidecar-injector.istio.io", "rev.object.sidecar-injector.istio.io",
        "rev.validation.istio.io", "validation.istio.io",
      ])
  }

  @Test func `values are checked before anything is made of them`() throws {
    var values = InstallationValues(profile: .default)
    try values.set("replicas=3")
    try values.set("autoscaling=false")
    try values.set("revision=canary")
    try values.set("namespace=mesh")
    let objects = Installation(values: values).objects
    #expect(
      objects.contains {
        $0.key == ObjectKey(namespace: "mesh", name: "istiod-canary")
          && $0.value[path: ["spec", "replicas"]] == 3
      })
    #expect(!objects.contains { $0.key.name == "istiod-default-validator" })
    for wrong in [
      "replicas=many", "replicas=0", "gateway=maybe", "namespace=Mesh", "nothing=1", "image",
      "namespace=", "revision=-a", "logLevel=a\nb",
    ] {
      #expect(throws: InstallationError.self, "\(wrong)") { try values.set(wrong) }
    }
  }
}
