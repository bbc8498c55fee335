package import IstioAPI

/// A change of one object, nil where it ended.
package enum MeshUpdate: Sendable {
  case service(ServiceID, MeshService?)
  case endpoints(ServiceID, [MeshEndpoint])
  case workload(ConfigKey, Workload?)
  case virtualService(ConfigKey, Configuration<VirtualService>?)
  case destinationRule(ConfigKey, Configuration<DestinationRule>?)
  case gateway(ConfigKey, Configuration<Gateway>?)
  case sidecar(ConfigKey, Configuration<Sidecar>?)
  case peerAuthentication(ConfigKey, Configuration<PeerAuthentication>?)
  case secret(ConfigKey, TLSSecret.Contents?)
  case meshConfig(MeshConfig)
}
