package import StreamingJSON

/// What users choose about an installation.
///
/// The values are JSON so that the same objects can be written with the expressions of a chart in
/// their place.
package struct InstallationValues: Hashable, Sendable {
  /// One value: its name, what it is by default and what it is for.
  package struct Entry: Hashable, Sendable {
    /// The name, as in `--set name=value`.
    package let name: String
    /// The default.
    package let value: JSONValue
    /// What it is for.
    package let about: String
  }

  /// Sets of defaults.
  package enum Profile: String, CaseIterable, Sendable {
    /// The control plane alone.
    case minimal
    /// The control plane and an ingress gateway, for production.
    case `default`
    /// The same for a look around: one of each, small, with access logs.
    case demo
  }

  /// Every value with its default in the profile `default`.
  package static let entries: [Entry] = [
    Entry(name: "namespace", value: "istio-system", about: "Where the control plane runs."),
    Entry(
      name: "revision", value: "default",
      about: "The revision of the control plane; `default` serves namespaces without one."),
    Entry(name: "image", value: "skein:latest", about: "The image of the control plane."),
    Entry(name: "imagePullPolicy", value: "IfNotPresent", about: "When images are fetched."),
    Entry(name: "replicas", value: 2, about: "How many control planes run at least."),
    Entry(name: "maxReplicas", value: 5, about: "How many control planes run at most."),
    Entry(name: "cpu", value: "500m", about: "The CPU a control plane asks for."),
    Entry(name: "memory", value: "512Mi", about: "The memory a control plane asks for."),
    Entry(name: "memoryLimit", value: "2Gi", about: "The memory a control plane may use."),
    Entry(name: "logLevel", value: "info", about: "How much the control plane tells."),
    Entry(name: "clusterID", value: "Kubernetes", about: "The name of the cluster."),
    Entry(name: "trustDomain", value: "cluster.local", about: "The trust domain of identities."),
    Entry(
      name: "accessLogFile", value: "", about: "Where proxies log requests; empty for nowhere."),
    Entry(
      name: "autoscaling", value: true, about: "Whether the number of replicas follows the load."),
    Entry(name: "gateway", value: true, about: "Whether there is an ingress gateway."),
    Entry(name: "gatewayReplicas", value: 2, about: "How many ingress gateways run at least."),
    Entry(name: "gatewayMaxReplicas", value: 5, about: "How many ingress gateways run at most."),
    Entry(
      name: "gatewayServiceType", value: "LoadBalancer",
      about: "How the ingress gateway is reached from outside."),
    Entry(
      name: "proxyImage", value: "docker.io/istio/proxyv2:1.27.0",
      about: "The image of gateways' proxies."),
  ]

  private var values: [String: JSONValue]

  /// The defaults of a profile.
  package init(profile: Profile) {
    values = Dictionary(uniqueKeysWithValues: Self.entries.map { ($0.name, $0.value) })
    switch profile {
    case .default: break
    case .minimal: values["gateway"] = false
    case .demo:
      let demo: [String: JSONValue] = [
        "replicas": 1, "gatewayReplicas": 1, "autoscaling": false, "cpu": "50m",
        "memory": "128Mi", "memoryLimit": "1Gi", "accessLogFile": "/dev/stdout",
      ]
      values.merge(demo) { $1 }
    }
  }

  /// The expressions that stand for the values in a Helm chart.
  package static let chart: InstallationValues = {
    var values = InstallationValues(profile: .default)
    for entry in entries {
      let cast = if case .integer = entry.value { "int " } else { "" }
      values.values[entry.name] = .string("{{ \(cast).Values.\(entry.name) }}")
    }
    return values
  }()

  /// Takes one `name=value` of a user.
  package mutating func set(_ assignment: String) throws(InstallationError) {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let current = values[String(parts[0])] else {
      throw .unknownValue(String(parts[0]), known: Self.entries.map(\.name))
    }
    let (name, text) = (String(parts[0]), String(parts[1]))
    switch current {
    case .integer:
      guard let number = Int64(text), (1...1_000).contains(number) else {
        throw .malformedValue(name, text, expected: "a number from 1 to 1000")
      }
      values[name] = .integer(number)
    case .bool:
      guard text == "true" || text == "false" else {
        throw .malformedValue(name, text, expected: "true or false")
      }
      values[name] = .bool(text == "true")
    default:
      guard name == "accessLogFile" || !text.isEmpty, text.utf8.count <= 512,
        text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
      else { throw .malformedValue(name, text, expected: "some text") }
      if name == "namespace" || name == "revision" {
        let isLabel = text.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        guard isLabel, text.utf8.count <= 63, text.first != "-", text.last != "-" else {
          throw .malformedValue(
            name, text, expected: "lower case letters, digits and hyphens between them")
        }
      }
      values[name] = .string(text)
    }
  }

  /// The value of a name that ``entries`` has.
  subscript(name: String) -> JSONValue { values[name] ?? .null }

  /// The text of a value.
  func text(_ name: String) -> String { self[name].stringValue ?? "" }

  /// Whether a value is switched on; a chart decides that itself.
  func isOn(_ name: String) -> Bool { self[name].boolValue ?? true }

  /// The names and values in the order of ``entries``.
  package var object: JSONValue {
    var object: JSONValue = [:]
    for entry in Self.entries { object[entry.name] = self[entry.name] }
    return object
  }
}

/// Why an installation cannot be made.
package enum InstallationError: Error, Hashable, CustomStringConvertible {
  /// A value that does not exist was set.
  case unknownValue(String, known: [String])
  /// A value was set to something that it cannot be.
  case malformedValue(String, String, expected: String)
  /// Something did not work in time.
  case notReady(String)

  /// What is wrong and what to do.
  package var description: String {
    switch self {
    case .unknownValue(let name, let known):
      "\"\(name)\" is no value of an installation; there are \(known.joined(separator: ", "))"
    case .malformedValue(let name, let text, let expected):
      "\(name) cannot be \"\(text)\": write \(expected)"
    case .notReady(let name):
      "\(name) is not ready in time; look at it with kubectl describe, or wait longer with --timeout"
    }
  }
}
