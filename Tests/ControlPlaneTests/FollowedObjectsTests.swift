import KubernetesAPI
import KubernetesClient
import StreamingJSON
import Testing

@testable import ControlPlane

struct FollowedObjectsTests {
  private static func map(_ name: String, _ text: String?) -> DecodedObject<ConfigMap> {
    let metadata = ObjectMeta(name: name, namespace: "n")
    guard let text else {
      return DecodedObject(
        metadata: metadata,
        outcome: .invalid([FieldIssue(path: "data", message: "is malformed")]))
    }
    var map = ConfigMap.empty
    map.data = ["a": text]
    return DecodedObject(metadata: metadata, value: map)
  }

  @Test func `a listing replaces what was there as one step`() {
    var followed = FollowedObjects<ConfigMap, String> { $0.value?.data["a"] }
    func expect(
      _ events: [(ResourceEvent<ConfigMap>, isChange: Bool)], lead objects: [String: String]
    ) {
      for (event, isChange) in events {
        let answer = followed.take(event)
        #expect(answer == isChange, "\(event)")
      }
      let found = followed.objects.map { ($0.key.name, $0.value) }
      #expect(Dictionary(uniqueKeysWithValues: found) == objects)
    }
    expect([(.initStart, false), (.initApply(Self.map("one", "1")), false)], lead: [:])
    #expect(!followed.areComplete)
    expect([(.initDone, true)], lead: ["one": "1"])
    #expect(followed.areComplete)
    expect(
      [(.apply(Self.map("two", "2")), true), (.apply(Self.map("two", "2")), false)],
      lead: ["one": "1", "two": "2"])
    // One that breaks off changes nothing; what the next does not tell of is gone.
    expect(
      [(.initStart, false), (.initStart, false), (.initApply(Self.map("two", "2")), false)],
      lead: ["one": "1", "two": "2"])
    expect([(.initDone, true)], lead: ["two": "2"])
    let key = ObjectKey(namespace: "n", name: "two")
    expect([(.delete(key), true), (.delete(key), false)], lead: [:])
  }

  @Test func `a bad object leaves what was there of it`() {
    var followed = FollowedObjects<ConfigMap, String> { $0.value?.data["a"] }
    for event in [
      ResourceEvent.initStart, .initApply(Self.map("one", "1")), .initDone,
      .apply(Self.map("one", nil)), .initStart, .initApply(Self.map("one", nil)), .initDone,
    ] { _ = followed.take(event) }
    #expect(followed.objects == [ObjectKey(namespace: "n", name: "one"): "1"])
  }
}
