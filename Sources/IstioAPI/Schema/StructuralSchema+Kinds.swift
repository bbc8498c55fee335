extension StructuralSchema {
  /// The schema of the `spec` of a kind of Istio's API; nil for other kinds.
  package static func specification(of kind: String) -> StructuralSchema? {
    switch kind {
    case "VirtualService": virtualService
    case "DestinationRule": destinationRule
    case "Gateway": gateway
    case "ServiceEntry": serviceEntry
    case "Sidecar": sidecar
    case "WorkloadEntry": workloadEntry
    case "WorkloadGroup": workloadGroup
    case "EnvoyFilter": envoyFilter
    case "ProxyConfig": proxyConfig
    case "PeerAuthentication": peerAuthentication
    case "AuthorizationPolicy": authorizationPolicy
    case "RequestAuthentication": requestAuthentication
    case "Telemetry": telemetry
    case "WasmPlugin": wasmPlugin
    default: nil
    }
  }
}
