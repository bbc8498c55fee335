package import IstioAPI
package import KubernetesAPI
package import StreamingJSON

/// An object of one of the kinds that shape the mesh, decoded.
package enum IngestedObject: Sendable {
  case namespace(DecodedObject<Namespace>)
  case service(DecodedObject<Service>)
  case endpointSlice(DecodedObject<EndpointSlice>)
  case pod(DecodedObject<Pod>)
  case node(DecodedObject<Node>)
  case configMap(DecodedObject<ConfigMap>)
  case secret(DecodedObject<Secret>)
  case virtualService(DecodedObject<VirtualService>)
  case destinationRule(DecodedObject<DestinationRule>)
  case gateway(DecodedObject<Gateway>)
  case serviceEntry(DecodedObject<ServiceEntry>)
  case workloadEntry(DecodedObject<WorkloadEntry>)
  case sidecar(DecodedObject<Sidecar>)
  case peerAuthentication(DecodedObject<PeerAuthentication>)

  /// The kinds that are followed.
  package static let resources: [KubernetesResource] = [
    .namespaces, .services, .endpointSlices, .pods, .nodes, .configMaps, .secrets,
    .virtualServices, .destinationRules, .gateways, .serviceEntries, .workloadEntries, .sidecars,
    .peerAuthentications,
  ]

  /// Reads an object of a kind; nil for kinds that do not shape the mesh.
  ///
  /// - Throws: what is wrong when not even the metadata can be read.
  package static func decode(
    _ resource: KubernetesResource, _ reader: JSONReader
  ) throws(JSONDecodingError) -> IngestedObject? {
    switch resource {
    case .namespaces: .namespace(try DecodedObject(decoding: reader))
    case .services: .service(try DecodedObject(decoding: reader))
    case .endpointSlices: .endpointSlice(try DecodedObject(decoding: reader))
    case .pods: .pod(try DecodedObject(decoding: reader))
    case .nodes: .node(try DecodedObject(decoding: reader))
    case .configMaps: .configMap(try DecodedObject(decoding: reader))
    case .secrets: .secret(try DecodedObject(decoding: reader))
    case .virtualServices: .virtualService(try DecodedObject(decodingSpecOf: reader))
    case .destinationRules: .destinationRule(try DecodedObject(decodingSpecOf: reader))
    case .gateways: .gateway(try DecodedObject(decodingSpecOf: reader))
    case .serviceEntries: .serviceEntry(try DecodedObject(decodingSpecOf: reader))
    case .workloadEntries: .workloadEntry(try DecodedObject(decodingSpecOf: reader))
    case .sidecars: .sidecar(try DecodedObject(decodingSpecOf: reader))
    case .peerAuthentications: .peerAuthentication(try DecodedObject(decodingSpecOf: reader))
    default: nil
    }
  }

  /// The kind.
  package var resource: KubernetesResource {
    switch self {
    case .namespace: .namespaces
    case .service: .services
    case .endpointSlice: .endpointSlices
    case .pod: .pods
    case .node: .nodes
    case .configMap: .configMaps
    case .secret: .secrets
    case .virtualService: .virtualServices
    case .destinationRule: .destinationRules
    case .gateway: .gateways
    case .serviceEntry: .serviceEntries
    case .workloadEntry: .workloadEntries
    case .sidecar: .sidecars
    case .peerAuthentication: .peerAuthentications
    }
  }

  package var key: ObjectKey {
    switch self {
    case .namespace(let object): object.key
    case .service(let object): object.key
    case .endpointSlice(let object): object.key
    case .pod(let object): object.key
    case .node(let object): object.key
    case .configMap(let object): object.key
    case .secret(let object): object.key
    case .virtualService(let object): object.key
    case .destinationRule(let object): object.key
    case .gateway(let object): object.key
    case .serviceEntry(let object): object.key
    case .workloadEntry(let object): object.key
    case .sidecar(let object): object.key
    case .peerAuthentication(let object): object.key
    }
  }
}

extension IngestedObject {
  /// The namespace whose membership decides; empty for what counts everywhere, as the mesh configuration.
  var namespaceOfMesh: String {
    switch self {
    case .namespace, .node, .configMap: ""
    default: key.namespace
    }
  }
}

/// A change of the cluster's objects.
package enum IngestEvent: Sendable {
  case applied(IngestedObject)
  case deleted(KubernetesResource, ObjectKey)
  /// A complete list was read: what it does not hold has ended.
  case listed(KubernetesResource, Set<ObjectKey>)
}
