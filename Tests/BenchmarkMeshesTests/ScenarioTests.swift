import BenchmarkMeshes
import EnvoyTranslation
import KubernetesAPI
import MeshIngest
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

  @Test func `A list that is read again, after a watch broke, does nothing at all`() async throws {
    let mesh = KubernetesMesh(services: 50)
    let pipeline = try MeshPipeline(mesh)
    var proxy = await SimulatedProxy(
      to: pipeline.translation,
      as: try ProxyNodes.node(
        name: mesh.podName(1, 0), namespace: mesh.namespace(1), address: mesh.address(1, 0)))
    proxy.start()
    let counters = (pipeline.translation.counters, pipeline.translation.cache.counters)
    let traffic = proxy.traffic
    let sizes = pipeline.indexSizes
    var services: Set<ObjectKey> = []
    for index in 0..<mesh.services {
      services.insert(ObjectKey(namespace: mesh.namespace(index), name: mesh.name(index)))
    }
    for _ in 0..<20 {
      pipeline.apply(try mesh.events() + [.listed(.services, services)])
      proxy.catchUp()
    }
    #expect(counters == (pipeline.translation.counters, pipeline.translation.cache.counters))
    #expect(proxy.traffic == traffic)
    #expect(pipeline.indexSizes == sizes)
    proxy.close()
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
