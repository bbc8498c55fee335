internal import FoundationEssentials
internal import KubernetesAPI
package import Logging
internal import ServiceLifecycle
internal import StreamingJSON
internal import YAML

/// Keeps the embedded API as a folder of YAML files, or one file, says.
///
/// Files are looked at once per interval. What a file names is applied; what it named before and names
/// no longer is deleted at the look after that, if it came from a file and that has not changed again: a
/// file may be in the middle of being written. A file that cannot be read changes nothing: its objects
/// stay as they were last, and every other file is applied. A folder that cannot be read changes nothing
/// at all.
package actor ConfigurationFolder: ServiceLifecycle.Service {
  /// What one look at the files led to.
  package struct Outcome: Hashable, Sendable {
    /// How many objects were created or changed.
    package var changed = 0
    /// How many objects were deleted.
    package var deleted = 0
    /// What is wrong, each as `file:line:column: message`.
    package var problems: [String] = []
    /// What is suspicious, in the same form.
    package var warnings: [String] = []
  }

  /// How a file looked when it was read.
  private struct Stamp: Hashable {
    var modified: Double
    var size: Int
  }

  private struct File {
    var stamp: Stamp
    /// `nil` when the file is bad.
    var documents: [YAMLDocument]?
    var problem: String?
  }

  private let path: String
  private let applier: ObjectApplier
  private let interval: Duration
  private let logger: Logger
  private var files: [String: File] = [:]
  private var isFirst = true
  /// Problems that were logged, so that a bad file is told of once and not once per interval.
  private var known: Set<String> = []
  private var hasPending = false

  /// Follows `path`, a folder or one file, into the objects of `server`.
  package init(
    path: String, server: StandaloneAPIServer, interval: Duration = .seconds(1), logger: Logger
  ) {
    self.path = path
    self.applier = ObjectApplier(store: server.store)
    self.interval = interval
    self.logger = logger
  }

  /// Looks at the files until the task is cancelled or shut down.
  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.follow()
        try? await Task.sleep(for: self.interval)
      }
    }
  }

  private func follow() async {
    do {
      guard let outcome = try await applyChanges() else { return }
      let problems = Set(outcome.problems)
      for problem in outcome.problems where !known.contains(problem) {
        logger.error(
          "configuration is wrong; the last good one stays", metadata: ["at": "\(problem)"])
      }
      for warning in outcome.warnings where !known.contains(warning) {
        logger.warning("configuration is suspicious", metadata: ["at": "\(warning)"])
      }
      known = problems.union(outcome.warnings)
      if outcome.changed + outcome.deleted > 0 {
        logger.info(
          "configuration applied",
          metadata: ["changed": "\(outcome.changed)", "deleted": "\(outcome.deleted)"])
      }
    } catch {
      // The files will be looked at again; until then what is stored stands.
      hasPending = true
      if known.insert("\(error)").inserted {
        logger.error("configuration cannot be applied", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Applies the files if any changed since the last look; `nil` when none did.
  package func applyChanges() async throws -> Outcome? {
    let names: [String]
    do throws(Unreadable) {
      names = try fileNames()
    } catch {
      return Outcome(problems: ["\(path):1:1: \(error.reason)"])
    }
    let changed = readFiles(names)
    guard !changed.isEmpty || isFirst || hasPending else { return nil }
    isFirst = false
    hasPending = false
    var outcome = Outcome()
    var named: Set<String> = []
    var bad: Set<String> = []
    for (name, file) in files.sorted(by: { $0.key < $1.key }) where file.documents == nil {
      bad.insert(name)
      if let problem = file.problem { outcome.problems.append(problem) }
    }
    for (document, file) in orderedDocuments() {
      await apply(document, file: file, named: &named, outcome: &outcome)
    }
    for (identity, source) in try await applier.applied() {
      guard !named.contains(Self.name(identity)), !bad.contains(source) else { continue }
      guard !changed.contains(source) else {
        hasPending = true
        continue
      }
      try await applier.delete(identity)
      outcome.deleted += 1
    }
    return outcome
  }

  /// Every readable document, namespaces first, since other objects live in them.
  private func orderedDocuments() -> [(YAMLDocument, String)] {
    let all = files.sorted { $0.key < $1.key }.flatMap { name, file in
      (file.documents ?? []).flatMap { Self.items($0) }.map { ($0, name) }
    }
    func isNamespace(_ document: YAMLDocument) -> Bool { document.value["kind"] == "Namespace" }
    return all.filter { isNamespace($0.0) } + all.filter { !isNamespace($0.0) }
  }

  /// The objects of a `List`, or the document itself.
  private static func items(_ document: YAMLDocument) -> [YAMLDocument] {
    guard document.value["kind"] == "List", let items = document.value["items"]?.arrayValue else {
      return [document]
    }
    return items.enumerated().map { index, item in
      let path = "items[\(index)]"
      return YAMLDocument(
        value: item, file: document.file, start: document.position(of: path),
        positions: Dictionary(
          document.positions.compactMap { place in
            place.key.hasPrefix(path + ".")
              ? (String(place.key.dropFirst(path.count + 1)), place.value) : nil
          }, uniquingKeysWith: { $1 }))
    }
  }

  private func apply(
    _ document: YAMLDocument, file: String, named: inout Set<String>, outcome: inout Outcome
  ) async {
    func place(_ path: String) -> String { "\(document.file):\(document.position(of: path))" }
    do {
      let identity = try ObjectApplier.identify(document.value)
      guard named.insert(Self.name(identity)).inserted else {
        outcome.problems.append(
          "\(place("metadata.name")): \(identity.resource.kind) \(identity.key) is given twice")
        return
      }
      let result = try await applier.apply(document.value, identity, source: file)
      if result.isChanged { outcome.changed += 1 }
      let subject = "\(identity.resource.kind) \(identity.key)"
      outcome.warnings += result.warnings.map { "\(place("spec")): \(subject): \($0)" }
    } catch let issue as FieldIssue {
      outcome.problems.append("\(place(issue.path)): \(issue)")
    } catch let status as APIStatus {
      let name = document.value[path: ["metadata", "name"]]?.stringValue ?? ""
      let subject = "\(document.value["kind"]?.stringValue ?? "") \(name)"
      if status.causes.isEmpty {
        outcome.problems.append("\(place("metadata")): \(subject): \(status.message)")
      }
      for cause in status.causes {
        outcome.problems.append(
          "\(place(cause.field)): \(subject): \(cause.field): \(cause.message)")
      }
    } catch {
      outcome.problems.append("\(place("")): \(error)")
    }
  }

  private static func name(_ identity: ObjectApplier.Identity) -> String {
    "\(identity.resource.group)/\(identity.resource.plural)/\(identity.key)"
  }

  // MARK: Files

  /// The largest file that is read.
  private static let maximumFileSize = 64 << 20

  /// Reads what changed on disk, and answers which files did.
  private func readFiles(_ names: [String]) -> Set<String> {
    var changed = Set(files.keys).subtracting(names)
    for name in changed { files[name] = nil }
    for name in names {
      let stamp = stamp(of: name)
      if let file = files[name], file.stamp == stamp { continue }
      changed.insert(name)
      files[name] = read(name, stamp)
    }
    return changed
  }

  /// Why nothing can be said about the files.
  private struct Unreadable: Error {
    var reason: String
  }

  private func fileNames() throws(Unreadable) -> [String] {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved(path)) else {
      throw Unreadable(reason: "there is no such file or folder")
    }
    guard attributes[.type] as? FileAttributeType == .typeDirectory else { return [path] }
    guard let entries = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw Unreadable(reason: "the folder cannot be read")
    }
    return entries.filter { name in
      !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }.sorted().map { "\(path)/\($0)" }
  }

  private func stamp(of name: String) -> Stamp {
    // A mounted ConfigMap changes by moving a link, so the file behind it counts.
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved(name)) else {
      return Stamp(modified: 0, size: -1)
    }
    let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return Stamp(modified: modified, size: (attributes[.size] as? Int) ?? 0)
  }

  private func resolved(_ name: String) -> String {
    URL(filePath: name).resolvingSymlinksInPath().path(percentEncoded: false)
  }

  private func read(_ name: String, _ stamp: Stamp) -> File {
    guard stamp.size <= Self.maximumFileSize else {
      return File(
        stamp: stamp, problem: "\(name):1:1: the file is larger than \(Self.maximumFileSize) bytes")
    }
    guard let data = FileManager.default.contents(atPath: name) else {
      return File(stamp: stamp, problem: "\(name):1:1: the file cannot be read")
    }
    do throws(YAMLError) {
      return File(stamp: stamp, documents: try YAMLReader.documents(Array(data), file: name))
    } catch {
      return File(stamp: stamp, problem: error.description)
    }
  }
}
