package import StreamingJSON

/// The kind of the addresses of a slice.
package enum EndpointAddressType: String, KubernetesEnum {
  /// IP version 4.
  case ipv4 = "IPv4"
  /// IP version 6.
  case ipv6 = "IPv6"
  /// Names in DNS.
  case fqdn = "FQDN"
}

/// A part of the endpoints of a service (discovery.k8s.io/v1 EndpointSlice): the fields a mesh
/// uses.
package struct EndpointSlice: Hashable, Sendable {
  /// The kind of every address in the slice.
  package var addressType: EndpointAddressType
  /// The endpoints.
  package var endpoints: [Endpoint]
  /// The ports, the same for every endpoint.
  package var ports: [EndpointPort]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    addressType: EndpointAddressType = .ipv4,
    endpoints: [Endpoint] = [],
    ports: [EndpointPort] = []
  ) {
    self.addressType = addressType
    self.endpoints = endpoints
    self.ports = ports
  }
}

extension EndpointSlice: KubernetesObjectReadable {
  /// An object without contents.
  package static var empty: EndpointSlice { EndpointSlice() }

  /// Endpoint slices.
  package static var resource: KubernetesResource { .endpointSlices }

  /// The label that names the service a slice belongs to.
  package static let serviceNameLabel = "kubernetes.io/service-name"

  /// Reads the members beside the metadata.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    switch key {
    case "addressType": addressType = try reader.read()
    case "endpoints": endpoints = try reader.read()
    case "ports": ports = try reader.read()
    default: return false
    }
    return true
  }
}

/// One endpoint.
package struct Endpoint: Hashable, Sendable {
  /// Its addresses; the first one is used.
  package var addresses: [String]
  /// Whether it can serve.
  package var conditions: EndpointConditions
  /// Its host name, for headless services.
  package var hostname: String
  /// The node it runs on.
  package var nodeName: String
  /// The zone it runs in.
  package var zone: String
  /// The pod behind it.
  package var targetRef: ObjectReference?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    addresses: [String] = [],
    conditions: EndpointConditions = EndpointConditions(),
    hostname: String = "",
    nodeName: String = "",
    zone: String = "",
    targetRef: ObjectReference? = nil
  ) {
    self.addresses = addresses
    self.conditions = conditions
    self.hostname = hostname
    self.nodeName = nodeName
    self.zone = zone
    self.targetRef = targetRef
  }
}

extension Endpoint: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "addresses": addresses = try reader.readStrings()
      case "conditions": conditions = try reader.read()
      case "hostname": hostname = try reader.read()
      case "nodeName": nodeName = try reader.read()
      case "zone": zone = try reader.read()
      // Where v1beta1 has both.
      case "topology":
        let topology = try reader.readStringMap()
        nodeName = topology["kubernetes.io/hostname"] ?? nodeName
        zone = topology["topology.kubernetes.io/zone"] ?? zone
      case "targetRef": targetRef = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

/// Whether an endpoint can serve.
package struct EndpointConditions: Hashable, Sendable {
  /// Takes traffic. Unset: yes.
  package var ready: Bool?
  /// Takes traffic, even while it ends. Unset: as ready.
  package var serving: Bool?
  /// Is being ended. Unset: no.
  package var terminating: Bool?

  /// Creates a value; what is left out is as if it were not written.
  package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
    self.ready = ready
    self.serving = serving
    self.terminating = terminating
  }
}

extension EndpointConditions: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "ready": ready = try reader.read()
      case "serving": serving = try reader.read()
      case "terminating": terminating = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

/// A port of the endpoints of a slice.
package struct EndpointPort: Hashable, Sendable {
  /// The name, that of the port of the service.
  package var name: String
  /// The number.
  package var port: Int32?
  /// TCP, UDP or SCTP.
  package var `protocol`: String
  /// The application protocol.
  package var appProtocol: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    port: Int32? = nil,
    `protocol`: String = "TCP",
    appProtocol: String = ""
  ) {
    self.name = name
    self.port = port
    self.protocol = `protocol`
    self.appProtocol = appProtocol
  }
}

extension EndpointPort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "port": port = try reader.read()
      case "protocol": self.protocol = try reader.read()
      case "appProtocol": appProtocol = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

/// A reference to another object.
package struct ObjectReference: Hashable, Sendable {
  /// Its kind.
  package var kind: String
  /// Its namespace.
  package var namespace: String
  /// Its name.
  package var name: String
  /// Its identity.
  package var uid: String

  /// Creates a value; what is left out is as if it were not written.
  package init(kind: String = "", namespace: String = "", name: String = "", uid: String = "") {
    self.kind = kind
    self.namespace = namespace
    self.name = name
    self.uid = uid
  }
}

extension ObjectReference: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "kind": kind = try reader.read()
      case "namespace": namespace = try reader.read()
      case "name": name = try reader.read()
      case "uid": uid = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}
