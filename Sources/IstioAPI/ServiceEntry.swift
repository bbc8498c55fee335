package import StreamingJSON

/// Whether a service is part of the mesh.
package enum ServiceEntryLocation: String, IstioEnum {
  /// Outside; no mutual TLS.
  case meshExternal = "MESH_EXTERNAL"
  /// Inside.
  case meshInternal = "MESH_INTERNAL"
}

/// How the endpoints of a service are found.
package enum ServiceEntryResolution: String, IstioEnum {
  /// The address the client asked for.
  case none = "NONE"
  /// The addresses that are given.
  case `static` = "STATIC"
  /// All the addresses DNS answers.
  case dns = "DNS"
  /// The first address DNS answers.
  case dnsRoundRobin = "DNS_ROUND_ROBIN"
  /// The name the client asked for, resolved by the proxy.
  case dynamicDns = "DYNAMIC_DNS"
}

/// A service added to the registry of the mesh (networking.istio.io ServiceEntry).
package struct ServiceEntry: Hashable, Sendable {
  /// DNS names added to registry; also SNI/Host match.
  package var hosts: [String]
  /// VIPs / CIDRs. Unset: [] (auto-allocated 240.240.0.0/16 style VIP when enabled).
  package var addresses: [String]
  /// Service ports.
  package var ports: [ServicePort]
  /// In or out of mesh (mTLS, telemetry). Unset: mESH_EXTERNAL.
  package var location: ServiceEntryLocation
  /// NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS. Unset: nONE.
  package var resolution: ServiceEntryResolution
  /// Inline workloads.
  package var endpoints: [WorkloadEntry]
  /// Pick pods / WorkloadEntries.
  package var workloadSelector: WorkloadSelector?
  /// Visibility (`~` allowed here, alone). Unset: mesh default.
  package var exportTo: [String]
  /// Server SANs to verify.
  package var subjectAltNames: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    hosts: [String] = [],
    addresses: [String] = [],
    ports: [ServicePort] = [],
    location: ServiceEntryLocation = .meshExternal,
    resolution: ServiceEntryResolution = .none,
    endpoints: [WorkloadEntry] = [],
    workloadSelector: WorkloadSelector? = nil,
    exportTo: [String] = [],
    subjectAltNames: [String] = []
  ) {
    self.hosts = hosts
    self.addresses = addresses
    self.ports = ports
    self.location = location
    self.resolution = resolution
    self.endpoints = endpoints
    self.workloadSelector = workloadSelector
    self.exportTo = exportTo
    self.subjectAltNames = subjectAltNames
  }
}

extension ServiceEntry: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "hosts": hosts = try reader.readStrings()
      case "addresses": addresses = try reader.readStrings()
      case "ports": ports = try reader.read()
      case "location": location = try reader.read()
      case "resolution": resolution = try reader.read()
      case "endpoints": endpoints = try reader.read()
      case "workloadSelector": workloadSelector = try reader.read()
      case "exportTo": exportTo = try reader.readStrings()
      case "subjectAltNames": subjectAltNames = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port of a service.
package struct ServicePort: Hashable, Sendable {
  /// Port.
  package var number: UInt32
  /// Protocol. Unset: "" (sniff).
  package var `protocol`: String
  /// Port name.
  package var name: String
  /// Endpoint port. Unset: = number.
  package var targetPort: UInt32?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    number: UInt32 = 0,
    `protocol`: String = "",
    name: String = "",
    targetPort: UInt32? = nil
  ) {
    self.number = number
    self.protocol = `protocol`
    self.name = name
    self.targetPort = targetPort
  }
}

extension ServicePort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "number": number = try reader.read()
      case "protocol": self.protocol = try reader.read()
      case "name": name = try reader.read()
      case "targetPort": targetPort = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
