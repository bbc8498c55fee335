internal import StreamingJSON

/// What is wrong with objects, by their names, with what is new about it since the last question.
///
/// A mesh may hold thousands of objects with a warning; an event must not look at any but its own.
struct ObjectReports {
  private(set) var all: [ObjectReport.Subject: ObjectReport] = [:]
  /// The issues that objects had before they were touched.
  private var before: [ObjectReport.Subject: [FieldIssue]] = [:]

  /// How many objects are spoken of.
  var size: Int { all.count + before.count }

  subscript(subject: ObjectReport.Subject) -> ObjectReport? {
    get { all[subject] }
    set {
      let old = all[subject]
      guard old != nil || newValue != nil else { return }
      if before[subject] == nil { before[subject] = old?.issues ?? [] }
      all[subject] = newValue
    }
  }

  /// The reports whose issues are others than when this was last called.
  mutating func takeNew() -> [ObjectReport] {
    guard !before.isEmpty else { return [] }
    defer { before = [:] }
    return before.compactMap { subject, issues in
      guard let report = all[subject], report.issues != issues else { return nil }
      return report
    }
  }
}
