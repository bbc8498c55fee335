/// The schema of WasmPlugin, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let wasmPlugin: Self = .object(
    [
      "failStrategy": .choice("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD").about(
        "FAIL_OPEN / FAIL_RELOAD."),
      "imagePullPolicy": .choice("UNSPECIFIED_POLICY", "IfNotPresent", "Always").about(
        "Pull policy."),
      "imagePullSecret": .text(length: 1...253).about("Docker secret name."),
      "match": .list(.wasmPluginMatch).about("Traffic selectors (OR)."),
      "phase": .choice("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS").about(
        "AUTHN / AUTHZ / STATS insertion."),
      "pluginConfig": .anything.about("Free JSON."),
      "pluginName": .text(length: 1...256).about("Root id."),
      "priority": .integer.about("Order, descending."),
      "selector": .workloadSelector.about("Workloads in scope."),
      "sha256": .text(pattern: Pattern.digest).about("Checksum."),
      "targetRef": .targetReference.about("Hidden single form of targetRefs."),
      "targetRefs": .list(.targetReference, count: ...16).about(
        "Attach to Gateway / GatewayClass / Service / ServiceEntry."),
      "type": .choice("UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK").about("HTTP / NETWORK."),
      "url": .text(length: 1...).about("oci:// (default), http(s)://, file://."),
      "verificationKey": .text.about("Hidden, not read by istiod."),
      "vmConfig": .vmConfig.about("VM config."),
    ], required: ["url"])

  static let vmConfig: Self = .object(
    [
      "env": .list(.vmVariable, count: ...256).about("Env.")
    ])

  static let vmVariable: Self = .object(
    [
      "name": .text(length: 1...256).about("Name."),
      "value": .text(length: ...2048).about("Value."),
      "valueFrom": .choice("INLINE", "HOST").about("INLINE / HOST."),
    ], required: ["name"])

  static let wasmPluginMatch: Self = .object(
    [
      "mode": .choice("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER").about("Direction."),
      "ports": .list(.portNumber).about("Ports."),
    ])

  static let portNumber: Self = .object(
    [
      "number": .integer(1...65535).about("Port.")
    ], required: ["number"])
}
