internal import AdmissionWebhooks
internal import ArgumentParser
internal import FoundationEssentials
internal import KubernetesAPI
internal import SidecarInjection
internal import StreamingJSON
internal import YAML

/// `skein inject`.
struct InjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject", abstract: "Add the proxy to the workloads in files.",
    discussion: """
      Prints all objects of the files as YAML or JSON, those that make pods with the proxy in them; on \
      a second run they come out as they are. Says on standard error which got no proxy, and why. The exit code is 65 \
      when an object cannot get one, and 66 when a file does not exist.
      """)

  @Option(
    name: [.customShort("f"), .long], help: ArgumentHelp("YAML or JSON.", valueName: "file-or-dir"))
  var filename: [String]

  @Option(name: .shortAndLong, help: "The namespace of objects that name none.")
  var namespace = "default"

  @OptionGroup(title: "Proxy") var proxy: ProxyOptions
  @OptionGroup(title: "Mesh") var mesh: MeshOptions

  @Option(name: [.customShort("o"), .long], help: "yaml or json.")
  var output = Output.yaml

  /// How objects are printed.
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case yaml
    case json
  }

  /// The proxy's container.
  struct ProxyOptions: ParsableArguments {
    @Option(
      help: "istio-proxy (Istio's image; the default) or skein (an image with skein and Envoy).")
    var agent: ProxyContainerSettings.Agent?

    @Option(help: "The image of the proxy.")
    var image: String?

    @Option(help: "The image that sets up redirection; the proxy's if absent.")
    var initImage: String?

    @Option(
      help:
        "auto, true or false: the proxy as an init container that stays, for Kubernetes from 1.33.")
    var nativeSidecar = "auto"

    @Option(
      help: ArgumentHelp(
        "The version of the cluster's nodes, which decides auto.", valueName: "version"))
    var kubernetesVersion: String?

    @Flag(help: "A CNI plugin sets up redirection.")
    var cni = false
  }

  /// Where the proxy belongs.
  struct MeshOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Istio's mesh configuration: its defaultConfig and trustDomain.", valueName: "file"))
    var meshConfig: String?

    @Option(
      help: ArgumentHelp(
        "An installation's ConfigMap istio-sidecar-injector, whose config and values apply.",
        valueName: "file"))
    var injectorConfig: String?

    @Option(help: "The revision of the control plane.")
    var revision = "default"

    @Option(help: ArgumentHelp("The secure port of the control plane.", valueName: "host:port"))
    var discoveryAddress: String?

    @Option(help: "The name of the cluster; Kubernetes if absent.")
    var clusterId: String?

    @Option(help: "The DNS domain of the cluster; cluster.local if absent.")
    var clusterDomain: String?

    @Option(help: "The trust domain of the mesh.")
    var trustDomain: String?

    @Option(help: "The network of the cluster.")
    var network: String?
  }

  func run() async throws {
    let injector = PodInjector(configuration: try makeConfiguration())
    var printed: [JSONValue] = []
    var faults: [String] = []
    for path in try filename.flatMap(ManifestFiles.expand) {
      for document in try documents(path, &faults) {
        switch inject(document, injector) {
        case .success(let object): printed.append(object)
        case .failure(let fault): faults.append(fault.text)
        }
      }
    }
    for fault in faults { StandardError.write(fault) }
    // Nothing is printed that would be applied in part.
    guard faults.isEmpty else { throw ExitCode(65) }
    for object in printed {
      print(
        output == .json
          ? String(decoding: object.serialized(), as: UTF8.self)
          : "---\n" + YAMLWriter.text(object), terminator: output == .json ? "\n" : "")
    }
  }

  private func documents(_ path: String, _ faults: inout [String]) throws -> [YAMLDocument] {
    do throws(YAMLError) {
      return try YAMLReader.documents(ManifestFiles.contents(path, &faults), file: path)
        .flatMap(ManifestFiles.items).filter { $0.value != .null }
    } catch {
      faults.append(error.description)
      return []
    }
  }

  private struct Fault: Error {
    var text: String
  }

  private func inject(_ document: YAMLDocument, _ injector: PodInjector) -> Result<JSONValue, Fault>
  {
    let object = document.value
    let kind = object["kind"]?.stringValue ?? "object"
    let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
    let given = object[path: ["metadata", "namespace"]]?.stringValue ?? ""
    do throws(InjectionError) {
      guard
        let outcome = try ManifestInjection.inject(
          object, namespace: given.isEmpty ? namespace : given, injector: injector)
      else { return .success(object) }
      let place = "\(document.file):\(document.position(of: "metadata.name")): \(kind) \(name)"
      if !outcome.decision.isInjected {
        StandardError.write("\(place): \(outcome.decision)")
      }
      for warning in outcome.warnings { StandardError.write("\(place): warning: \(warning)") }
      return .success(outcome.pod)
    } catch {
      return .failure(
        Fault(
          text:
            "\(document.file):\(document.position(of: error.path)): error: \(kind) \(name): \(error)"
        ))
    }
  }

  private func makeConfiguration() throws -> InjectionConfiguration {
    var result = InjectionConfiguration()
    result.selection.revision = mesh.revision
    let suffix = mesh.revision == "default" ? "" : "-\(mesh.revision)"
    result.mesh.controlPlaneAddress = "istiod\(suffix).istio-system.svc:15012"
    if let path = mesh.meshConfig { try apply(meshConfiguration: path, to: &result) }
    if let path = mesh.injectorConfig { try apply(injectorConfiguration: path, to: &result) }
    if let agent = proxy.agent { result.proxy.agent = agent }
    if let image = proxy.image { result.proxy.image = image }
    guard proxy.agent != .skein || proxy.image != nil || mesh.injectorConfig != nil else {
      throw ValidationError("--agent skein needs --image: an image with skein and Envoy")
    }
    result.proxy.initImage = proxy.initImage ?? result.proxy.initImage
    if proxy.cni { result.redirection.usesCNI = true }
    switch proxy.nativeSidecar {
    case "true": result.hasNativeSidecars = true
    case "false": result.hasNativeSidecars = false
    case "auto":
      result.hasNativeSidecars = NativeSidecarSupport.isAvailable(
        kubeletVersions: proxy.kubernetesVersion.map { [$0] } ?? [])
    default:
      throw ValidationError("--native-sidecar \(proxy.nativeSidecar) is none of auto, true, false")
    }
    if let address = mesh.discoveryAddress { result.mesh.controlPlaneAddress = address }
    if let name = mesh.clusterId { result.mesh.clusterID = name }
    if let domain = mesh.clusterDomain { result.mesh.clusterDomain = domain }
    if let network = mesh.network { result.mesh.network = network }
    if let trustDomain = mesh.trustDomain { result.mesh.trustDomain = trustDomain }
    return result
  }

  private func apply(
    meshConfiguration path: String, to result: inout InjectionConfiguration
  ) throws {
    let value = try Self.document(path)
    if let defaults = value["defaultConfig"] { result.proxyConfiguration = defaults }
    if let domain = value["trustDomain"]?.stringValue { result.mesh.trustDomain = domain }
    if let merges = value["enablePrometheusMerge"]?.boolValue { result.mergesMetrics = merges }
  }

  private func apply(
    injectorConfiguration path: String, to result: inout InjectionConfiguration
  ) throws {
    let data = try Self.document(path)["data"] ?? [:]
    func part(_ key: String) throws -> JSONValue {
      guard let text = data[key]?.stringValue else { return [:] }
      do {
        return try YAMLReader.documents(text).first?.value ?? [:]
      } catch {
        throw CleanFailure("\(path): data.\(key): \(error)", code: .init(65))
      }
    }
    let issues = InjectorConfigMap.apply(
      config: try part("config"), values: try part("values"), to: &result)
    for issue in issues { StandardError.write("\(path): warning: \(issue)") }
  }

  private static func document(_ path: String) throws -> JSONValue {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CleanFailure("there is no file \(path)", code: .init(66))
    }
    do {
      return try YAMLReader.documents(Array(data), file: path).first?.value ?? [:]
    } catch {
      throw CleanFailure("\(error)", code: .init(65))
    }
  }
}

extension ProxyContainerSettings.Agent: ExpressibleByArgument {}
