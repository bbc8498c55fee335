internal import StreamingJSON

/// The resources of the proxy's container, from the pod's annotations or the installation.
enum ProxyResources {
  private static let cpu = "sidecar.istio.io/proxyCPU"
  private static let memory = "sidecar.istio.io/proxyMemory"
  private static let cpuLimit = "sidecar.istio.io/proxyCPULimit"
  private static let memoryLimit = "sidecar.istio.io/proxyMemoryLimit"

  /// As soon as one annotation is there, only what annotations say applies, as in Istio.
  static func make(_ context: InjectionContext) throws(InjectionError) -> JSONValue {
    let annotations = context.annotations
    for name in [cpu, memory, cpuLimit, memoryLimit] {
      if let text = annotations[name], !isQuantity(text) {
        throw annotations.fault(
          name, "\"\(text.prefix(64))\" is not a quantity",
          remedy: "write a number and a unit, such as 100m or 128Mi")
      }
    }
    guard [cpu, memory, cpuLimit, memoryLimit].contains(where: { annotations[$0] != nil }) else {
      return standard(context)
    }
    var resources: JSONValue = [:]
    for (part, names) in [
      ("requests", [("cpu", cpu), ("memory", memory)]),
      ("limits", [("cpu", cpuLimit), ("memory", memoryLimit)]),
    ] {
      for (resource, name) in names {
        if let text = annotations[name] { resources[path: [part, resource]] = .string(text) }
      }
    }
    return resources
  }

  /// The resources of the installation.
  static func standard(_ context: InjectionContext) -> JSONValue {
    let settings = context.configuration.proxy.resources
    var resources: JSONValue = [:]
    for (part, cpu, memory) in [
      ("limits", settings.cpuLimit, settings.memoryLimit),
      ("requests", settings.cpuRequest, settings.memoryRequest),
    ] {
      if let cpu { resources[path: [part, "cpu"]] = .string(cpu) }
      if let memory { resources[path: [part, "memory"]] = .string(memory) }
    }
    return resources
  }

  /// A number without sign and a suffix of Kubernetes' quantities.
  static func isQuantity(_ text: String) -> Bool {
    guard text.utf8.count <= 32 else { return false }
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    let number = String(Substring(digits))
    guard number.contains(where: \.isNumber), number.count(where: { $0 == "." }) <= 1 else {
      return false
    }
    let suffix = text.dropFirst(number.count)
    let suffixes: Set<Substring> = [
      "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ]
    return suffixes.contains(suffix)
      || ("eE".contains(suffix.first ?? " ") && Int8(suffix.dropFirst()) != nil)
  }
}
