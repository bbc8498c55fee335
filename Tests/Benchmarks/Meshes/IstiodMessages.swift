internal import EnvoyTranslation
internal import MeshTesting
internal import XDSProtocol

/// What a proxy gets in each of istiod's cases, in istiod's figures: how many resources a message has, and
/// how many bytes they have without their envelopes.
package enum IstiodMessages {
  /// Every case by name with its figures.
  package static func measure() async throws -> [String: [String: Int]] {
    var figures: [String: [String: Int]] = [:]
    for mesh in IstiodCase.allCases {
      let translation = MeshTranslation(snapshot: try mesh.documents().snapshot)
      let handle = await translation.open(try mesh.node()) {}
      figures[mesh.rawValue] = count(handle.current())
    }
    for grid in EndpointGrid.all {
      let translation = MeshTranslation(snapshot: try grid.documents().snapshot)
      let handle = await translation.open(try IstiodCase.http.node()) {}
      figures["endpoints \(grid.endpoints)/\(grid.services)"] = count(handle.current())
    }
    return figures
  }

  private static func count(_ state: ResourceState) -> [String: Int] {
    var figures: [String: Int] = [:]
    for type in ResourceType.allCases {
      let resources = state.all(type)
      guard !resources.isEmpty else { continue }
      figures["\(type.shortName) resources"] = resources.count
      figures["\(type.shortName) bytes"] = resources.reduce(0) { $0 + $1.payload.count }
    }
    return figures
  }
}
