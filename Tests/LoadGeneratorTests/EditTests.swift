import KubernetesAPI
import Testing

@testable import LoadGenerator

@Suite struct EditTests {
  @Test(
    "No edit changes the Service that flaps, and none is edited again before all others are",
    arguments: [2, 3, 8, 50, 60, 150, 1000])
  func spreading(services: Int) {
    let workload = ReferenceWorkload(namespaces: 4, services: services, pods: 2, routes: 1)
    for kind in [EditKind.endpoint, .peerAuthentication] {
      // Mutual TLS is switched off and on again before the next Service's turn.
      let editsOfOne = kind == .endpoint ? 1 : 2
      let names = (0..<(services - 1) * editsOfOne).map { number in
        let edit = workload.edit(kind, number: number, run: 7)
        guard case .apply(let object) = edit.write else { return "deleted" }
        return object.key.name
      }
      #expect(!names.contains("svc-\(services - 1)"))
      #expect(Set(names).count == services - 1)
    }
  }

  @Test("A mesh of one Service can be edited, and one without routes")
  func smallest() {
    let workload = ReferenceWorkload(namespaces: 1, services: 1, pods: 1, routes: 0)
    for kind in EditKind.allCases {
      for number in 0..<3 { _ = workload.edit(kind, number: number, run: .max) }
    }
  }

  @Test("Consecutive runs write other addresses")
  func runs() {
    let workload = ReferenceWorkload(namespaces: 4, services: 60, pods: 3, routes: 20)
    let addresses = (0..<12_500).map {
      workload.edit(.endpoint, number: 3, run: 4_000_000_000 + $0).sign.text
    }
    #expect(Set(addresses).count == 12_500)
  }
}
