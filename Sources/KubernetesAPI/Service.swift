package import StreamingJSON

/// How a service is reached.
package enum ServiceType: String, KubernetesEnum {
  /// Through a virtual address in the cluster, or none when headless.
  case clusterIP = "ClusterIP"
  /// Through a port of every node too.
  case nodePort = "NodePort"
  /// Through a load balancer too.
  case loadBalancer = "LoadBalancer"
  /// Through an alias in DNS.
  case externalName = "ExternalName"
}

/// A named set of pods and how they are reached (core/v1 Service): the fields a mesh uses.
package struct Service: Hashable, Sendable {
  /// How the service is reached.
  package var type: ServiceType
  /// The virtual address; `None` when headless, empty when not yet given.
  package var clusterIP: String
  /// The virtual addresses of both families.
  package var clusterIPs: [String]
  /// More addresses that lead to the service.
  package var externalIPs: [String]
  /// The name in DNS that an ExternalName service stands for.
  package var externalName: String
  /// The ports.
  package var ports: [ServicePort]
  /// Labels of the pods behind the service.
  package var selector: [String: String]
  /// Whether pods that are not ready count.
  package var publishNotReadyAddresses: Bool
  /// `Local` keeps traffic on its node. Unset: `Cluster`.
  package var internalTrafficPolicy: String
  /// `Local` keeps traffic from outside on its node.
  package var externalTrafficPolicy: String
  /// A preference such as `PreferClose`.
  package var trafficDistribution: String
  /// `ClientIP` or `None`.
  package var sessionAffinity: String
  /// Addresses of the load balancer, from the status.
  package var loadBalancerIngress: [LoadBalancerIngress]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    type: ServiceType = .clusterIP,
    clusterIP: String = "",
    clusterIPs: [String] = [],
    externalIPs: [String] = [],
    externalName: String = "",
    ports: [ServicePort] = [],
    selector: [String: String] = [:],
    publishNotReadyAddresses: Bool = false,
    internalTrafficPolicy: String = "",
    externalTrafficPolicy: String = "",
    trafficDistribution: String = "",
    sessionAffinity: String = "",
    loadBalancerIngress: [LoadBalancerIngress] = []
  ) {
    self.type = type
    self.clusterIP = clusterIP
    self.clusterIPs = clusterIPs
    self.externalIPs = externalIPs
    self.externalName = externalName
    self.ports = ports
    self.selector = selector
    self.publishNotReadyAddresses = publishNotReadyAddresses
    self.internalTrafficPolicy = internalTrafficPolicy
    self.externalTrafficPolicy = externalTrafficPolicy
    self.trafficDistribution = trafficDistribution
    self.sessionAffinity = sessionAffinity
    self.loadBalancerIngress = loadBalancerIngress
  }
}

extension Service: KubernetesObjectReadable {
  /// An object without contents.
  package static var empty: Service { Service() }

  /// Services.
  package static var resource: KubernetesResource { .services }

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
      case "type": type = try reader.read()
      case "clusterIP": clusterIP = try reader.read()
      case "clusterIPs": clusterIPs = try reader.readStrings()
      case "externalIPs": externalIPs = try reader.readStrings()
      case "externalName": externalName = try reader.read()
      case "ports": ports = try reader.read()
      case "selector": selector = try reader.readStringMap()
      case "publishNotReadyAddresses": publishNotReadyAddresses = try reader.read()
      case "internalTrafficPolicy": internalTrafficPolicy = try reader.read()
      case "externalTrafficPolicy": externalTrafficPolicy = try reader.read()
      case "trafficDistribution": trafficDistribution = try reader.read()
      case "sessionAffinity": sessionAffinity = try reader.read()
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readStatus(from reader: inout JSONReader) throws(JSONDecodingError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard key == "loadBalancer" else {
        try reader.skipValue()
        continue
      }
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if key == "ingress" {
          loadBalancerIngress = try reader.read()
        } else {
          try reader.skipValue()
        }
      }
    }
  }
}

/// A port of a service.
package struct ServicePort: Hashable, Sendable {
  /// The name, unique in the service; may be empty when it is the only port.
  package var name: String
  /// The number clients use.
  package var port: Int32
  /// The port of the pods. Unset: the same number.
  package var targetPort: PortReference?
  /// TCP, UDP or SCTP.
  package var `protocol`: String
  /// The application protocol.
  package var appProtocol: String
  /// The port of the nodes; 0 for none.
  package var nodePort: Int32

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    port: Int32 = 0,
    targetPort: PortReference? = nil,
    `protocol`: String = "TCP",
    appProtocol: String = "",
    nodePort: Int32 = 0
  ) {
    self.name = name
    self.port = port
    self.targetPort = targetPort
    self.protocol = `protocol`
    self.appProtocol = appProtocol
    self.nodePort = nodePort
  }
}

extension ServicePort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "port": port = try reader.read()
      case "targetPort": targetPort = try reader.read()
      case "protocol": self.protocol = try reader.read()
      case "appProtocol": appProtocol = try reader.read()
      case "nodePort": nodePort = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

/// An address of a load balancer.
package struct LoadBalancerIngress: Hashable, Sendable {
  /// The address.
  package var ip: String
  /// The name.
  package var hostname: String

  /// Creates a value; what is left out is as if it were not written.
  package init(ip: String = "", hostname: String = "") {
    self.ip = ip
    self.hostname = hostname
  }
}

extension LoadBalancerIngress: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "ip": ip = try reader.read()
      case "hostname": hostname = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}
