internal import Benchmark
internal import BenchmarkMeshes
internal import EnvoyTranslation
internal import MeshModel
internal import MeshTesting
internal import XDSProtocol

/// istiod's own cases, cache empty, without a network: everything that one proxy gets is planned and
/// encoded. istiod measures one resource type at a time; here one plan makes them all, so the time is
/// of all types together while messages are counted by type.
enum IstiodBenchmarks {
  static func register() {
    for mesh in IstiodCase.allCases {
      let types = types(of: mesh)
      measure("\(mesh.rawValue)", counting: types) { (try mesh.documents(), try mesh.node()) }
    }
    for grid in EndpointGrid.all {
      measure(
        "endpoints \(grid.endpoints)/\(grid.services)", counting: [.endpoints]
      ) { (try grid.documents(), try IstiodCase.http.node()) }
    }
  }

  private static func types(of mesh: IstiodCase) -> [ResourceType] {
    switch mesh {
    case .tcp, .tls: [.cluster, .listener]
    case .strict, .disabled: [.listener]
    case .secretsTen, .secretsThousand: [.secret]
    case .workloadEntries: [.cluster, .endpoints, .listener, .route]
    default: [.cluster, .listener, .route]
    }
  }

  private static func measure(
    _ name: String, counting types: [ResourceType],
    _ make: @escaping () throws -> (MeshDocuments, ProxyNode)
  ) {
    let metrics = types.flatMap { [Settings.resources($0), Settings.bytes($0)] }
    Benchmark(
      "istiod: \(name)", configuration: Settings.timed(counting: metrics),
      closure: { (benchmark: Benchmark, state: (MeshSnapshot, ProxyNode)) async in
        let translation = MeshTranslation(snapshot: state.0)
        let handle = await translation.open(state.1) {}
        benchmark.stopMeasurement()
        let resources = handle.current()
        for type in types {
          let all = resources.all(type)
          benchmark.measurement(Settings.resources(type), all.count)
          benchmark.measurement(
            Settings.bytes(type), all.reduce(0) { $0 + $1.payload.count })
        }
      },
      setup: {
        let (documents, node) = try make()
        return (documents.snapshot, node)
      })
  }
}
