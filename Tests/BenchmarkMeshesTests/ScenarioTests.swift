import BenchmarkMeshes
import EnvoyTranslation
import MeshTesting
import Testing
import XDSProtocol

@Suite struct ScenarioTests {
  private static let isolated: Set<String> = [
    "edits of metadata alone", "an endpoint becomes unready", "an endpoint becomes ready",
    "a VirtualService is edited", "a DestinationRule is edited",
  ]

  @Test func `What an edit makes and sends does not depend on the size of the mesh`() async throws {
    let small = try await CountedScenarios.measure(services: 50)
    let large = try await CountedScenarios.measure(services: 200)
    for (before, after) in zip(small, large) where Self.isolated.contains(before.name) {
      #expect(after.counters == before.counters, "\(before.name)")
    }
  }

  @Test func `An edit of metadata does nothing at all`() async throws {
    let measured = try await CountedScenarios.measure(services: 50)
    let metadata = try #require(measured.first { $0.name == "edits of metadata alone" })
    #expect(metadata.counters == WorkCounters())
  }

  /// How many resources istiod's harness reports for the same objects, as far as they must be equal.
  @Test(arguments: [(IstiodCase.secretsTen, ResourceType.secret, 10), (.http, .endpoints, 101)])
  func `istiod's cases have the resources that istiod makes`(
    mesh: IstiodCase, type: ResourceType, count: Int
  ) async throws {
    let translation = MeshTranslation(snapshot: try mesh.documents().snapshot)
    let handle = await translation.open(try mesh.node()) {}
    #expect(handle.current().all(type).count == count)
  }

  @Test(arguments: EndpointGrid.all)
  func `Each service of the grid has its endpoints`(grid: EndpointGrid) async throws {
    let translation = MeshTranslation(snapshot: try grid.documents().snapshot)
    let handle = await translation.open(try IstiodCase.http.node()) {}
    #expect(handle.current().all(.endpoints).count == grid.services)
  }
}
