internal import MeshModel
internal import XDSProtocol

/// A planned unit, shared by all views of a family whose viewers it holds for.
final class PlanNode: Sendable {
  let family: ViewFamily
  let unit: PlanUnit
  /// What was asked of the viewer; the plan holds for every viewer with the same answers.
  private let answers: [(question: Viewer.Question, answer: Bool)]
  let dependencies: [SnapshotKey]
  let resources: [EncodedResource]
  let notices: [TranslationNotice]
  /// Where each resource is, where there are too many to look for it.
  private let positions: [ResourceName: Int]

  init(
    family: ViewFamily, unit: PlanUnit, answers: [Viewer.Question: Bool],
    dependencies: Set<SnapshotKey>, resources: [EncodedResource], notices: [TranslationNotice]
  ) {
    self.family = family
    self.unit = unit
    self.answers = answers.map { ($0.key, $0.value) }
    self.dependencies = Array(dependencies)
    self.resources = resources
    self.notices = notices
    positions =
      resources.count > 16
      ? Dictionary(
        resources.enumerated().map {
          (ResourceName($0.element.type, $0.element.name), $0.offset)
        }, uniquingKeysWith: { first, _ in first }) : [:]
  }

  var isEmpty: Bool { resources.isEmpty && notices.isEmpty }

  func holds(for viewer: Viewer) -> Bool {
    answers.allSatisfy { viewer.answer($0.question) == $0.answer }
  }

  func resource(_ name: ResourceName) -> EncodedResource? {
    if !positions.isEmpty { return positions[name].map { resources[$0] } }
    return resources.first { $0.type == name.type && $0.name == name.name }
  }
}

extension PlanNode: Hashable {
  static func == (left: PlanNode, right: PlanNode) -> Bool { left === right }

  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
