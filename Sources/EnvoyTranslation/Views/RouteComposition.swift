internal import XDSProtocol

/// Puts whole route configurations together for proxies that do not discover virtual hosts.
///
/// The units of a view yield virtual hosts as fragments; a configuration is their concatenation, so that
/// a change of one host encodes one host.
struct RouteComposition {
  /// The route configurations without hosts, as units plan them.
  private var frames: [String: EncodedResource] = [:]
  private var fragments: [String: [String: EncodedResource]] = [:]

  /// How many frames and fragments there are.
  var size: Int { fragments.values.reduce(frames.count) { $0 + 1 + $1.count } }

  /// Takes a resource of a unit; answers the route configuration that has to be composed again.
  mutating func update(_ name: ResourceName, to resource: EncodedResource?) -> String {
    guard name.type == .virtualHost else {
      frames[name.name] = resource
      return name.name
    }
    let route = name.name.lastIndex(of: "/").map { String(name.name[..<$0]) } ?? ""
    fragments[route, default: [:]][name.name] = resource
    if fragments[route]?.isEmpty == true { fragments[route] = nil }
    return route
  }

  /// The whole configuration; nil when no unit plans it.
  func compose(_ route: String) -> EncodedResource? {
    guard let frame = frames[route] else { return nil }
    // The host that takes everything stands last.
    let hosts = (fragments[route] ?? [:]).values.sorted {
      ($0.isCatchAll ? 1 : 0, $0.name) < ($1.isCatchAll ? 1 : 0, $1.name)
    }
    let payload = RouteConfigurationInput.encode(route, hosts: hosts.map(\.payload))
    return EncodedResource(
      type: .route, name: route, version: ContentDigest.version(of: payload, salt: ""),
      payload: payload,
      references: Set(hosts.flatMap(\.references)).sorted { $0.name < $1.name },
      sources: Set(frame.sources + hosts.flatMap(\.sources)).sorted())
  }
}

extension EncodedResource {
  fileprivate var isCatchAll: Bool { exclusiveNames == ["*"] }
}
