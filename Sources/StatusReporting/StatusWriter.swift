package import KubernetesAPI
package import KubernetesClient
package import Logging
internal import StreamingJSON

/// Writes into the status of Istio's objects what became of them, by server-side apply.
///
/// A status is written when it says something else than before, each object's at most once a second;
/// what is behind after a burst is said in one write. One replica at a time does this.
package struct StatusWriter: Sendable {
  /// An object with what is to be said of it.
  package struct Report: Hashable, Sendable {
    /// Tells the object from others that had its name before.
    package var uid: String
    /// The generation that was looked at.
    package var generation: Int64
    package var conditions: [ObjectCondition]

    package init(uid: String, generation: Int64, conditions: [ObjectCondition]) {
      self.uid = uid
      self.generation = generation
      self.conditions = conditions
    }
  }

  /// An object of a resource.
  package struct Subject: Hashable, Sendable, Comparable {
    package var resource: KubernetesResource
    package var key: ObjectKey

    package init(resource: KubernetesResource, key: ObjectKey) {
      self.resource = resource
      self.key = key
    }

    package static func < (left: Subject, right: Subject) -> Bool {
      (left.resource.plural, left.key) < (right.resource.plural, right.key)
    }
  }

  /// What stands in an object's status, and which object that is.
  private struct Written {
    var uid: String
    var status: JSONValue
  }

  /// Owns the fields of a status that are written here.
  package static let manager = "skein-status"
  private static let interval = Duration.seconds(1)
  /// How many statuses are written in a second at most.
  private static let pace = 200
  /// How many times as long as gathering reports took the next gathering waits for at least, so that a mesh of
  /// many objects costs a twentieth of a core while it is edited.
  private static let rest = 20
  private static let longestRest = Duration.seconds(10)

  private let client: KubernetesClient
  private let resources: [KubernetesResource]
  private let reports: @Sendable () -> [Subject: Report]
  private let revision: @Sendable () -> UInt64
  private let now: @Sendable () -> Timestamp
  private let logger: Logger

  /// A writer of what `reports` says of objects of `resources`; it is asked when `revision` has changed.
  package init(
    client: KubernetesClient, resources: [KubernetesResource],
    revision: @escaping @Sendable () -> UInt64,
    reports: @escaping @Sendable () -> [Subject: Report],
    now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.client = client
    self.resources = resources
    self.revision = revision
    self.reports = reports
    self.now = now
    self.logger = logger
  }

  /// Writes until the task is cancelled.
  package func run() async {
    var written = await present()
    var reports: [Subject: Report] = [:]
    var due: [Subject] = []
    var seen: UInt64?
    var restEnd = ContinuousClock.now
    while !Task.isCancelled {
      let revision = revision()
      let start = ContinuousClock.now
      if revision != seen, start >= restEnd {
        seen = revision
        reports = self.reports()
        written = written.filter { reports[$0.key]?.uid == $0.value.uid }
        due = reports.filter { !Self.says(written[$0.key]?.status, $0.value) }.keys.sorted()
        restEnd = start + min((ContinuousClock.now - start) * Self.rest, Self.longestRest)
      }
      let batch = due.prefix(Self.pace)
      due.removeFirst(batch.count)
      due += await write(batch, reports, &written)
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// What stands in the statuses now, so that a new leader does not write all of them again.
  private func present() async -> [Subject: Written] {
    var found: [Subject: Written] = [:]
    for resource in resources {
      for object in (try? await client.list(resource)) ?? [] {
        guard let name = object[path: ["metadata", "name"]]?.stringValue,
          let status = object["status"]
        else { continue }
        let namespace = object[path: ["metadata", "namespace"]]?.stringValue ?? ""
        let uid = object[path: ["metadata", "uid"]]?.stringValue ?? ""
        found[Subject(resource: resource, key: ObjectKey(namespace: namespace, name: name))] =
          Written(uid: uid, status: status)
      }
    }
    return found
  }

  /// Writes statuses, and answers whose have to be written once more.
  private func write(
    _ subjects: ArraySlice<Subject>, _ reports: [Subject: Report],
    _ written: inout [Subject: Written]
  ) async -> [Subject] {
    let results = await withTaskGroup(of: (Subject, JSONValue?, Bool).self) { group in
      for subject in subjects {
        guard let report = reports[subject] else { continue }
        let status = status(report, replacing: written[subject]?.status)
        group.addTask { await put(status, subject) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    for case (let subject, let status?, _) in results {
      written[subject] = Written(uid: reports[subject]?.uid ?? "", status: status)
    }
    return results.filter { $0.2 }.map(\.0)
  }

  private func put(
    _ status: JSONValue, _ subject: Subject
  ) async -> (Subject, JSONValue?, mustRepeat: Bool) {
    let resource = subject.resource
    let version = client.version(of: resource)
    let object: JSONValue = [
      "apiVersion": .string(resource.apiVersion(version)), "kind": .string(resource.kind),
      "metadata": [
        "name": .string(subject.key.name), "namespace": .string(subject.key.namespace),
      ],
      "status": status,
    ]
    do throws(KubernetesClientError) {
      _ = try await client.applyStatus(
        object, as: resource, key: subject.key, manager: Self.manager)
      return (subject, status, false)
    } catch {
      // An object that is gone needs no status; the next reports do not have it.
      if error.isNotFound { return (subject, status, false) }
      logger.warning(
        "a status cannot be written",
        metadata: [
          "config.object": "\(resource.kind)/\(subject.key)", "error": "\(error)",
        ])
      return (subject, nil, !Task.isCancelled)
    }
  }

  private func status(_ report: Report, replacing old: JSONValue?) -> JSONValue {
    let conditions = report.conditions.map { condition in
      let before = old?["conditions"]?.arrayValue?.first {
        $0["type"]?.stringValue == condition.kind.rawValue
      }
      let isSame = before?["status"]?.stringValue == (condition.holds ? "True" : "False")
      let since = isSame ? before?["lastTransitionTime"]?.stringValue : nil
      return condition.json(since: since ?? now().text)
    }
    // Istio's type is a number of 64 bits, which JSON of Protocol Buffers writes as text.
    return [
      "conditions": .array(conditions), "observedGeneration": .string(String(report.generation)),
    ]
  }

  /// Whether a status says what a report does, whenever that began.
  private static func says(_ status: JSONValue?, _ report: Report) -> Bool {
    guard let status,
      (status["observedGeneration"]?.stringValue
        ?? status["observedGeneration"]?.integerValue.map(String.init))
        == String(report.generation),
      let conditions = status["conditions"]?.arrayValue,
      conditions.count == report.conditions.count
    else { return false }
    return report.conditions.allSatisfy { condition in
      conditions.contains { found in
        found["type"]?.stringValue == condition.kind.rawValue
          && found["status"]?.stringValue == (condition.holds ? "True" : "False")
          && found["reason"]?.stringValue == condition.reason
          && found["message"]?.stringValue == condition.message
      }
    }
  }
}
