internal import KubernetesAPI
internal import StreamingJSON

/// Objects as rows, the form kubectl prints them in.
struct ObjectTable {
  private struct Column {
    var name: String
    var type = "string"
    var cell: (JSONValue) -> JSONValue
  }

  let resource: KubernetesResource
  let version: String
  let now: Timestamp
  let includesObject: Bool

  /// The table of a list.
  func object(rows: [JSONValue], metadata: JSONValue, includesColumns: Bool = true) -> JSONValue {
    let columns = Self.columns(resource, now)
    return [
      "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
      "columnDefinitions": .array(includesColumns ? columns.map(Self.definition) : []),
      "rows": .array(
        rows.map { object in
          ["cells": .array(columns.map { $0.cell(object) }), "object": partial(object)]
        }),
    ]
  }

  private func partial(_ object: JSONValue) -> JSONValue {
    if includesObject { return object }
    return [
      "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
      "metadata": object["metadata"] ?? [:],
    ]
  }

  private static func definition(_ column: Column) -> JSONValue {
    [
      "name": .string(column.name), "type": .string(column.type),
      "format": column.name == "Name" ? "name" : "", "description": .string(column.name),
      "priority": 0,
    ]
  }

  private static func columns(_ resource: KubernetesResource, _ now: Timestamp) -> [Column] {
    func text(_ name: String, _ path: String...) -> Column {
      Column(name: name) { object in
        switch object[path: path] {
        case .array(let list):
          let items = list.compactMap(\.stringValue).map { "\"\($0)\"" }
          return .string("[\(items.joined(separator: ","))]")
        case .object(let map): return .integer(Int64(map.count))
        case let value?: return value
        case nil: return ""
        }
      }
    }
    let name = Column(name: "Name") { $0[path: ["metadata", "name"]] ?? "" }
    let age = Column(name: "Age") { object in
      let created = object[path: ["metadata", "creationTimestamp"]]?.stringValue.flatMap {
        Timestamp($0)
      }
      return .string(created.map { Self.age(now.seconds - $0.seconds) } ?? "<unknown>")
    }
    let middle: [Column] =
      switch resource {
      case .virtualServices: [text("Gateways", "spec", "gateways"), text("Hosts", "spec", "hosts")]
      case .destinationRules: [text("Host", "spec", "host")]
      case .serviceEntries:
        [
          text("Hosts", "spec", "hosts"), text("Location", "spec", "location"),
          text("Resolution", "spec", "resolution"),
        ]
      case .workloadEntries: [text("Address", "spec", "address")]
      case .peerAuthentications: [text("Mode", "spec", "mtls", "mode")]
      case .authorizationPolicies: [text("Action", "spec", "action")]
      case .namespaces: [text("Status", "status", "phase")]
      case .pods:
        [
          text("Status", "status", "phase"), text("IP", "status", "podIP"),
          text("Node", "spec", "nodeName"),
        ]
      case .services:
        [
          text("Type", "spec", "type"), text("Cluster-IP", "spec", "clusterIP"),
          Column(name: "Port(s)") { .string(Self.ports($0)) },
        ]
      case .secrets: [text("Type", "type"), text("Data", "data")]
      case .configMaps: [text("Data", "data")]
      case .endpointSlices: [text("AddressType", "addressType")]
      default: []
      }
    return [name] + middle + [age]
  }

  private static func ports(_ object: JSONValue) -> String {
    let ports = object[path: ["spec", "ports"]]?.arrayValue ?? []
    let list = ports.map { port in
      "\(port["port"]?.integerValue ?? 0)/\(port["protocol"]?.stringValue ?? "TCP")"
    }
    return list.isEmpty ? "<none>" : list.joined(separator: ",")
  }

  /// A span in the two largest units that matter, as kubectl writes it.
  static func age(_ seconds: Int64) -> String {
    let seconds = max(0, seconds)
    switch seconds {
    case ..<120: return "\(seconds)s"
    case ..<600:
      let rest = seconds % 60
      return rest == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(rest)s"
    case ..<10_800: return "\(seconds / 60)m"
    case ..<28_800:
      let rest = seconds / 60 % 60
      return rest == 0 ? "\(seconds / 3_600)h" : "\(seconds / 3_600)h\(rest)m"
    case ..<172_800: return "\(seconds / 3_600)h"
    case ..<691_200:
      let rest = seconds / 3_600 % 24
      return rest == 0 ? "\(seconds / 86_400)d" : "\(seconds / 86_400)d\(rest)h"
    default: return "\(seconds / 86_400)d"
    }
  }
}
