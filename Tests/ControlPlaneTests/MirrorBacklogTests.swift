import KubernetesAPI
import KubernetesClient
import Testing

@testable import ControlPlane

struct MirrorBacklogTests {
  private static let key = ObjectKey(namespace: "default", name: "a")
  private static let other = ObjectKey(namespace: "default", name: "b")

  private static func backlog(_ changes: [MirrorChange]) -> MirrorBacklog {
    var backlog = MirrorBacklog()
    for change in changes { backlog.record([change], of: .services) }
    return backlog
  }

  @Test func `an object that changes a thousand times takes the room of one`() throws {
    let changes = (0..<1_000).map { MirrorChange.object(Self.key, json: Array("\($0)".utf8)) }
    let kept = try #require(Self.backlog(changes).resources[.services])
    #expect(kept.objects == [Self.key: .init(json: Array("999".utf8), listing: 0)])
  }

  @Test func `an object belongs to the listing that was under way`() throws {
    let kept = try #require(
      Self.backlog([
        .object(Self.other, json: [1]), .listingBegins, .object(Self.key, json: [2]), .listingEnds,
        .listingBegins, .gone(Self.key),
      ]).resources[.services])
    #expect(kept.listings == 2)
    #expect(kept.ended == 1)
    #expect(
      kept.objects == [
        Self.other: .init(json: [1], listing: 0), Self.key: .init(json: nil, listing: 2),
      ])
  }

  @Test func `what could not be written and what came after it is as if recorded at once`() {
    let changes: [MirrorChange] = [
      .object(Self.other, json: [1]), .listingBegins, .object(Self.key, json: [2]), .listingEnds,
      .gone(Self.other), .listingBegins, .object(Self.key, json: [3]), .listingEnds,
    ]
    let whole = Self.backlog(changes).resources[.services]
    for split in changes.indices {
      let joined = Self.backlog(Array(changes[..<split]))
        .followed(by: Self.backlog(Array(changes[split...]))).resources[.services]
      #expect(joined == whole, "split before \(split)")
    }
  }
}
