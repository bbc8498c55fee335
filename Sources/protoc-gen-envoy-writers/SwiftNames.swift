import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// The Swift names of Envoy's messages: `Envoy.` and the name inside the package.
///
/// Where two packages use one name, the last package component that tells them apart goes before it
/// (`config.listener.v3.Filter` is `Envoy.ListenerFilterConfig`, see ``aliases``).
struct SwiftNames {
  private var counts: [String: Int] = [:]

  /// Names that are clearer, or needed to tell two messages apart.
  private let aliases: [String: String] = [
    "envoy.config.cluster.v3.Filter": "ClusterFilter",
    "envoy.config.listener.v3.Filter": "NetworkFilter",
    "envoy.extensions.access_loggers.stats.v3.Config": "StatsAccessLog",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig": "GrpcStats",
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": "UpstreamHttpProtocols",
    "envoy.type.v3.HashPolicy": "TcpHashPolicy",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig": "IstioAlpn",
  ]

  init(files: [FileDescriptor]) {
    for file in files {
      for message in file.messages { counts[name(message.fullName, message.name), default: 0] += 1 }
    }
    let clashes = counts.filter { $0.value > 1 }.keys.sorted()
    precondition(clashes.isEmpty, "give these messages aliases in SwiftNames: \(clashes)")
  }

  private func name(_ fullName: String, _ name: String) -> String {
    aliases[fullName] ?? name
  }

  func swiftName(_ message: Descriptor) -> String {
    guard let parent = message.containingType else {
      return name(message.fullName, message.name)
    }
    return swiftName(parent) + "." + message.name
  }

  func swiftName(_ enumeration: EnumDescriptor) -> String {
    let name = localName(enumeration)
    guard let parent = enumeration.containingType else { return name }
    return swiftName(parent) + "." + name
  }

  /// The name inside the parent; Swift keeps `Protocol` for itself.
  func localName(_ enumeration: EnumDescriptor) -> String {
    enumeration.name == "Protocol" ? "ProtocolKind" : enumeration.name
  }

  func fileName(_ file: FileDescriptor) -> String {
    let path = file.name.split(separator: ".").first.map(String.init) ?? file.name
    return path.split(separator: "/").joined(separator: "_") + ".writers.swift"
  }

  /// `connect_timeout` as `connectTimeout`, escaped where Swift reserves the word.
  static func member(_ protoName: String) -> String {
    let parts = protoName.lowercased().split(separator: "_")
    let name = parts.enumerated().map { index, part in
      index == 0 ? String(part) : part.prefix(1).uppercased() + part.dropFirst()
    }.joined()
    let safe = name.first?.isNumber == true ? "n" + name : name
    return ["default", "internal", "static", "any", "protocol", "extension", "self"].contains(safe)
      ? "`\(safe)`" : safe
  }
}
