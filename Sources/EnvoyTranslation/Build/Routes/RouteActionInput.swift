internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// Where the requests of a route go.
package struct RouteActionInput: Hashable, Sendable {
  /// A copy of requests.
  package struct Mirror: Hashable, Sendable {
    package var cluster: String
    /// In percent; nil copies every request.
    package var percentage: Double?
  }

  package var destinations: [HTTPRouteInput.Destination]
  package var timeout: IstioDuration?
  package var retry: RetryInput?
  package var mirrors: [Mirror] = []
  package var rewrite: HTTPRewrite?
  /// The host that the request is given, from header rules.
  package var hostRewrite = ""
  /// Whether what the match's prefix covers is replaced.
  package var hashPolicies: [HashPolicyInput] = []

  package init(destinations: [HTTPRouteInput.Destination]) {
    self.destinations = destinations
  }

  func write(_ action: inout Envoy.RouteAction) {
    if destinations.count == 1, let only = destinations.first {
      action.cluster(only.cluster)
    } else {
      action.weightedClusters { clusters in
        for destination in destinations { clusters.clusters { Self.write(destination, &$0) } }
      }
    }
    writeRewrite(&action)
    let limit = (timeout ?? IstioDuration()).wire
    action.timeout(limit)
    retry.map { retry in action.retryPolicy(retry.write) }
    for mirror in mirrors { action.requestMirrorPolicies { Self.write(mirror, &$0) } }
    for policy in hashPolicies { action.hashPolicy(policy.write) }
    action.maxGrpcTimeout(limit)
  }

  private static func write(
    _ destination: HTTPRouteInput.Destination, _ weight: inout Envoy.WeightedCluster.ClusterWeight
  ) {
    weight.name(destination.cluster)
    weight.weight(destination.weight)
    let mutations = HeaderMutations(destination.headers)
    mutations.write(&weight)
    if !mutations.host.isEmpty { weight.hostRewriteLiteral(mutations.host) }
  }

  private static func write(
    _ mirror: Mirror, _ policy: inout Envoy.RouteAction.RequestMirrorPolicy
  ) {
    policy.cluster(mirror.cluster)
    policy.runtimeFraction {
      $0.defaultValue {
        if let percentage = mirror.percentage {
          $0.numerator(Fractions.millionths(percent: percentage))
          $0.denominator(.million)
        } else {
          $0.numerator(100)
        }
      }
    }
    policy.traceSampled(false)
    policy.disableShadowHostSuffixAppend(true)
  }

  private func writeRewrite(_ action: inout Envoy.RouteAction) {
    let singleHost =
      destinations.count == 1 ? HeaderMutations(destinations.first?.headers).host : ""
    let authority = rewrite?.authority ?? ""
    let host = !authority.isEmpty ? authority : hostRewrite.isEmpty ? singleHost : hostRewrite
    if !host.isEmpty { action.hostRewriteLiteral(host) }
    guard let rewrite else { return }
    if let regex = rewrite.uriRegexRewrite {
      action.regexRewrite {
        $0.pattern { $0.regex(regex.match) }
        $0.substitution(regex.rewrite)
      }
    } else if !rewrite.uri.isEmpty {
      action.prefixRewrite(rewrite.uri)
    }
  }
}
