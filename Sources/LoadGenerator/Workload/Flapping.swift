internal import KubernetesAPI
package import KubernetesClient

/// Changes the endpoints of one Service over and over, to see what that costs the others.
package struct Flapping: Sendable {
  package var workload: ReferenceWorkload
  package var client: KubernetesClient
  /// Changes per second.
  package var rate: Double
  /// The Service; no edit touches the last one.
  package var service: Int

  package init(workload: ReferenceWorkload, client: KubernetesClient, rate: Double) {
    self.workload = workload
    self.client = client
    self.rate = rate
    service = workload.services - 1
  }

  /// Flaps until cancelled; the times are fixed beforehand.
  package func run() async throws {
    guard rate > 0 else { return }
    let clock = ContinuousClock()
    let begin = clock.now
    var number = 0
    while true {
      number += 1
      try await clock.sleep(until: begin + .seconds(Double(number) / rate))
      let object = workload.endpoints(service, moved: "10.250.\(number >> 8 & 255).\(number & 255)")
      _ = try? await client.apply(object.value, as: object.resource, key: object.key)
    }
  }
}
