internal import IstioAPI
package import StreamingJSON

/// What Istio's ConfigMap `istio-sidecar-injector` says: the keys `config` (policy, selectors,
/// annotations, default templates) and `values` (image, resources, redirection).
///
/// Its templates are programs for Istio's own injector and are not run; `sidecar` and `gateway` are
/// built in here.
package enum InjectorConfigMap {
  /// Applies both keys, decoded from YAML and JSON, to a configuration.
  ///
  /// Returns what could not be followed; the rest is applied.
  package static func apply(
    config: JSONValue, values: JSONValue, to configuration: inout InjectionConfiguration
  ) -> [FieldIssue] {
    var issues: [FieldIssue] = []
    switch config["policy"]?.stringValue {
    case "enabled", nil: configuration.selection.injectsByDefault = true
    case "disabled": configuration.selection.injectsByDefault = false
    case let policy?:
      // Like Istio's: no pod gets a proxy because of a policy that nobody understands.
      configuration.selection.injectsByDefault = false
      issues.append(
        FieldIssue(
          path: "config.policy", message: "\"\(policy.prefix(64))\" is not a policy",
          remedy: "use enabled or disabled"))
    }
    configuration.selection.neverInject = selectors("neverInjectSelector", config, &issues)
    configuration.selection.alwaysInject = selectors("alwaysInjectSelector", config, &issues)
    if let annotations = config["injectedAnnotations"] {
      configuration.annotations = PodAnnotations.strings(annotations)
    }
    if let names = config["defaultTemplates"]?.arrayValue?.compactMap(\.stringValue),
      !names.isEmpty
    {
      configuration.defaultTemplates = names.filter {
        SidecarTemplate.names.contains($0) || configuration.templates[$0] != nil
      }
      for name in names where !configuration.defaultTemplates.contains(name) {
        issues.append(
          FieldIssue(
            path: "config.defaultTemplates",
            message: "the template \"\(name.prefix(64))\" is not one of Skein's"))
      }
      if configuration.defaultTemplates.isEmpty { configuration.defaultTemplates = ["sidecar"] }
    }
    apply(values["global"] ?? [:], values, to: &configuration)
    return issues
  }

  private static func selectors(
    _ key: String, _ config: JSONValue, _ issues: inout [FieldIssue]
  ) -> [LabelSelector] {
    guard let value = config[key], value != .null else { return [] }
    do throws(JSONDecodingError) {
      var reader = try JSONReader(value.serialized(), pathPrefix: "config.\(key)")
      return try reader.read()
    } catch {
      issues.append(FieldIssue(error))
      return []
    }
  }

  private static func apply(
    _ global: JSONValue, _ values: JSONValue, to configuration: inout InjectionConfiguration
  ) {
    let proxy = global["proxy"] ?? [:]
    func text(_ value: JSONValue?) -> String? {
      switch value {
      case .string(let text)?: text.isEmpty ? nil : text
      case .integer(let number)?: String(number)
      case .number(let number)?: String(number)
      default: nil
      }
    }
    let variant = text(global["variant"]) ?? ""
    func image(_ settings: JSONValue?) -> String? {
      guard let name = text(settings?["image"]) else { return nil }
      // A name with a slash is a whole image.
      if name.contains("/") { return name }
      guard let tag = text(global["tag"]) else { return nil }
      let hub = text(global["hub"]) ?? "docker.io/istio"
      return ProxyImage.image("\(hub)/\(name):\(tag)", type: variant)
    }
    if let image = image(proxy) { configuration.proxy.image = image }
    let initImage = image(global["proxy_init"])
    configuration.proxy.initImage = initImage == configuration.proxy.image ? nil : initImage
    configuration.proxy.imagePullPolicy = text(global["imagePullPolicy"])
    configuration.imagePullSecrets =
      (global["imagePullSecrets"]?.arrayValue ?? []).compactMap {
        $0.stringValue ?? $0["name"]?.stringValue
      }
    if let agent = text(proxy["agent"]).flatMap(ProxyContainerSettings.Agent.init) {
      configuration.proxy.agent = agent
    }
    if let resources = proxy["resources"], resources.objectValue != nil {
      // What an installation leaves out, a limit above all, is not there.
      for (path, resource) in [
        (["requests", "cpu"], \ProxyContainerSettings.Resources.cpuRequest),
        (["requests", "memory"], \.memoryRequest), (["limits", "cpu"], \.cpuLimit),
        (["limits", "memory"], \.memoryLimit),
      ] {
        let quantity = text(resources[path: path])
        if quantity.map(ProxyResources.isQuantity) ?? true {
          configuration.proxy.resources[keyPath: resource] = quantity
        }
      }
    }
    if let level = text(proxy["logLevel"]) { configuration.proxy.logLevel = level }
    if let level = text(proxy["componentLogLevel"]) {
      configuration.proxy.componentLogLevel = level
    }
    if let level = text(global[path: ["logging", "level"]]) {
      configuration.proxy.agentLogLevel = level
    }
    for (key, setting) in [
      ("includeIPRanges", \RedirectionSettings.includedOutboundRanges),
      ("excludeIPRanges", \.excludedOutboundRanges),
      ("includeInboundPorts", \.includedInboundPorts),
      ("excludeInboundPorts", \.excludedInboundPorts),
      ("includeOutboundPorts", \.includedOutboundPorts),
      ("excludeOutboundPorts", \.excludedOutboundPorts),
    ] {
      if let list = text(proxy[key]) { configuration.redirection[keyPath: setting] = list }
    }
    if let port = proxy["statusPort"]?.integerValue { configuration.proxy.statusPort = port }
    let identity = configuration.mesh
    configuration.mesh.clusterDomain = text(proxy["clusterDomain"]) ?? identity.clusterDomain
    configuration.mesh.clusterID =
      text(global[path: ["multiCluster", "clusterName"]]) ?? identity.clusterID
    configuration.mesh.authorityAddress = text(global["caAddress"]) ?? identity.authorityAddress
    configuration.mesh.meshID = text(global["meshID"]) ?? identity.meshID
    configuration.mesh.network = text(global["network"]) ?? identity.network
    if let usesCNI = values[path: ["istio_cni", "enabled"]]?.boolValue
      ?? values[path: ["pilot", "cni", "enabled"]]?.boolValue
    {
      configuration.redirection.usesCNI = usesCNI
    }
    let webhook = values["sidecarInjectorWebhook"] ?? [:]
    if let rewrites = webhook["rewriteAppHTTPProbe"]?.boolValue {
      configuration.rewritesProbes = rewrites
    }
  }
}
