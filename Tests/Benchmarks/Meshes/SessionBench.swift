internal import EnvoyTranslation
package import XDSProtocol

/// A session with resources that no translation had to make.
package struct SessionBench {
  private var session: DiscoverySession
  private var resources = ResourceSet()
  private var revision: UInt64 = 0
  private let clusters: [EncodedResource]
  package private(set) var traffic = ProxyTraffic()

  private var state: ResourceState {
    ResourceState(parts: [.init(view: 1, revision: revision, resources: resources)])
  }

  /// A session that has clusters with their endpoints to give.
  package init(clusters count: Int) {
    clusters = (0..<count).map { SampleInputs.cluster($0).build() }
    for (index, cluster) in clusters.enumerated() {
      _ = resources.update(.cluster, cluster.name, to: cluster)
      let endpoints = SampleInputs.endpoints(index, count: 2).build()
      _ = resources.update(.endpoints, endpoints.name, to: endpoints)
    }
    session = DiscoverySession(variant: .delta, noncePrefix: "b")
    session.begin(state)
  }

  /// Lets a proxy ask for the clusters and their endpoints, which it says it holds if it `resumes`.
  package mutating func coldStart(resumes: Bool = false) {
    session = DiscoverySession(variant: .delta, noncePrefix: "b")
    session.begin(state)
    var held: [String: String] = [:]
    if resumes { for cluster in clusters { held[cluster.name] = cluster.version } }
    ask(.cluster, .change(subscribe: [], unsubscribe: [], held: HeldVersions(held)))
    let names = clusters.map(\.name)
    held = [:]
    if resumes {
      for name in names { held[name] = resources[.endpoints, name]?.version }
    }
    ask(.endpoints, .change(subscribe: NameList(names), unsubscribe: [], held: HeldVersions(held)))
  }

  /// Changes the endpoints of one cluster, which reach the proxy.
  package mutating func updateEndpoints(_ index: Int, to new: EncodedResource) {
    guard let change = resources.update(.endpoints, new.name, to: new) else { return }
    revision &+= 1
    perform(session.update(to: state, changes: [change], now: 0))
  }

  private mutating func ask(
    _ type: ResourceType, _ names: DiscoveryRequest.Names, nonce: String = ""
  ) {
    let request = DiscoveryRequest(typeURL: type.typeURL, nonce: nonce, names: names)
    perform(session.receive(request, type: type, state: state, now: 0))
  }

  private mutating func perform(_ actions: [SessionAction]) {
    for case .respond(let response) in actions {
      traffic.count(response, .delta)
      ask(
        response.type, .change(subscribe: [], unsubscribe: [], held: [:]), nonce: response.nonce)
    }
  }
}
