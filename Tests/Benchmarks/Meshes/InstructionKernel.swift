internal import EnvoyTranslation
internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting
internal import StreamingJSON
internal import XDSProtocol

/// Small deterministic pieces of work, whose instructions are counted.
package enum InstructionKernel: String, CaseIterable, Sendable {
  case encodeClusters = "encode 100 clusters"
  case buildClusters = "encode, digest and frame 100 clusters"
  case encodeEndpoints = "encode the 20 endpoints of 50 clusters"
  case encodeRoute = "encode a route configuration of 100 hosts"
  case hashClusters = "hash and compare 100 inputs of clusters"
  case decodeSlices = "decode 100 EndpointSlices"
  case decodePods = "decode 50 Pods"
  case ingestSlices = "ingest 20 changes of EndpointSlices"
  case startSession = "start a session of 200 clusters"
  case updateSession = "update the endpoints of one of 200 clusters"

  /// The work, prepared; each call of what it returns does it once.
  package func prepare() throws -> () throws -> Int {
    let mesh = KubernetesMesh(services: 100)
    switch self {
    case .encodeClusters:
      let inputs = (0..<100).map(SampleInputs.cluster)
      return { inputs.reduce(0) { $0 + $1.encode().count } }
    case .buildClusters:
      let inputs = (0..<100).map(SampleInputs.cluster)
      return { inputs.reduce(0) { $0 + $1.build().deltaEntry.count } }
    case .encodeEndpoints:
      let inputs = (0..<50).map { SampleInputs.endpoints($0, count: 20) }
      return { inputs.reduce(0) { $0 + $1.encode().count } }
    case .encodeRoute:
      let input = SampleInputs.route(hosts: 100)
      return { input.encode().count }
    case .hashClusters:
      let inputs = (0..<100).map(SampleInputs.cluster)
      let others = (0..<100).map(SampleInputs.cluster)
      return {
        zip(inputs, others).reduce(0) { $0 + ($1.0.hashValue & 1) + ($1.0 == $1.1 ? 1 : 0) }
      }
    case .decodeSlices:
      let texts = (0..<100).map { mesh.slice($0) }
      return { try texts.reduce(0) { try $0 + KubernetesMesh.applied(.endpointSlices, $1).count } }
    case .decodePods:
      let texts = (0..<50).map { mesh.pod($0, 0, padding: 30) }
      return { try texts.reduce(0) { try $0 + KubernetesMesh.applied(.pods, $1).count } }
    case .ingestSlices:
      let pipeline = try MeshPipeline(mesh)
      let ups = try (0..<20).flatMap {
        try KubernetesMesh.applied(.endpointSlices, mesh.slice($0))
      }
      let downs = try (0..<20).flatMap {
        try KubernetesMesh.applied(.endpointSlices, mesh.slice($0, isFirstReady: false))
      }
      return {
        pipeline.documents.ingest.apply(downs)
        pipeline.documents.ingest.apply(ups)
        return 1
      }
    case .startSession:
      var bench = SessionBench(clusters: 200)
      return {
        bench.coldStart()
        return bench.traffic.messages
      }
    case .updateSession:
      var bench = SessionBench(clusters: 200)
      bench.coldStart()
      let ends = [2, 4].map { SampleInputs.endpoints(7, count: $0).build() }
      return {
        for end in ends { bench.updateEndpoints(7, to: end) }
        return bench.traffic.messages
      }
    }
  }
}
