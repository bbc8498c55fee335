package import StreamingJSON

/// A running workload (core/v1 Pod): the fields a mesh uses.
package struct Pod: Hashable, Sendable {
  /// The node it runs on.
  package var nodeName: String
  /// The service account it runs as.
  package var serviceAccountName: String
  /// Whether it uses the network of its node.
  package var hostNetwork: Bool
  /// Its host name, when one is given.
  package var hostname: String
  /// Its subdomain, when one is given.
  package var subdomain: String
  /// Its containers.
  package var containers: [Container]
  /// Pending, Running, Succeeded, Failed or Unknown.
  package var phase: String
  /// Its address; empty until it has one.
  package var podIP: String
  /// Its addresses of both families.
  package var podIPs: [String]
  /// The address of its node.
  package var hostIP: String
  /// Whether its Ready condition is true.
  package var isReady: Bool

  /// Creates a value; what is left out is as if it were not written.
  package init(
    nodeName: String = "",
    serviceAccountName: String = "default",
    hostNetwork: Bool = false,
    hostname: String = "",
    subdomain: String = "",
    containers: [Container] = [],
    phase: String = "",
    podIP: String = "",
    podIPs: [String] = [],
    hostIP: String = "",
    isReady: Bool = false
  ) {
    self.nodeName = nodeName
    self.serviceAccountName = serviceAccountName
    self.hostNetwork = hostNetwork
    self.hostname = hostname
    self.subdomain = subdomain
    self.containers = containers
    self.phase = phase
    self.podIP = podIP
    self.podIPs = podIPs
    self.hostIP = hostIP
    self.isReady = isReady
  }
}

extension Pod: KubernetesObjectReadable {
  /// An object without contents.
  package static var empty: Pod { Pod() }

  /// Pods.
  package static var resource: KubernetesResource { .pods }

  /// Reads `spec` and `status`.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    switch key {
    case "spec": try readSpec(from: &reader)
    case "status": try readStatus(from: &reader)
    default: return false
    }
    return true
  }

  private mutating func readSpec(from reader: inout JSONReader) throws(JSONDecodingError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "nodeName": nodeName = try reader.read()
      case "serviceAccountName": serviceAccountName = try reader.read()
      case "hostNetwork": hostNetwork = try reader.read()
      case "hostname": hostname = try reader.read()
      case "subdomain": subdomain = try reader.read()
      case "containers": containers = try reader.read()
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readStatus(from reader: inout JSONReader) throws(JSONDecodingError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "phase": phase = try reader.read()
      case "podIP": podIP = try reader.read()
      case "podIPs": podIPs = try reader.readMembers(named: "ip")
      case "hostIP": hostIP = try reader.read()
      case "conditions": isReady = try Self.readReadiness(from: &reader)
      default: try reader.skipValue()
      }
    }
  }

  private static func readReadiness(
    from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    var isReady = false
    try reader.beginArray()
    while try reader.nextElement() {
      var type = ""
      var status = ""
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "type": type = try reader.read()
        case "status": status = try reader.read()
        default: try reader.skipValue()
        }
      }
      if type == "Ready" { isReady = status == "True" }
    }
    return isReady
  }
}

/// A container of a pod.
package struct Container: Hashable, Sendable {
  /// Its name.
  package var name: String
  /// The ports it declares.
  package var ports: [ContainerPort]

  /// Creates a value; what is left out is as if it were not written.
  package init(name: String = "", ports: [ContainerPort] = []) {
    self.name = name
    self.ports = ports
  }
}

extension Container: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "ports": ports = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

/// A port a container declares.
package struct ContainerPort: Hashable, Sendable {
  /// The name.
  package var name: String
  /// The number.
  package var containerPort: Int32
  /// TCP, UDP or SCTP.
  package var `protocol`: String

  /// Creates a value; what is left out is as if it were not written.
  package init(name: String = "", containerPort: Int32 = 0, `protocol`: String = "TCP") {
    self.name = name
    self.containerPort = containerPort
    self.protocol = `protocol`
  }
}

extension ContainerPort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "containerPort": containerPort = try reader.read()
      case "protocol": self.protocol = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}
