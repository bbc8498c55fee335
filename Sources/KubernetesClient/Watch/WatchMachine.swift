package import KubernetesAPI
package import StreamingJSON

/// Lists a resource, watches it from there, and lists again when its place in history is lost.
///
/// A value without I/O: it says what to do next, is told what came of it, and gives out events. A
/// listing that fails half-way is begun again with a new `initStart`, so half a listing never looks
/// like a whole one.
package struct WatchMachine<Value: Hashable & Sendable>: Sendable {
  /// What to do next.
  package enum Step: Hashable, Sendable {
    /// Ask for a page of the list; `token` continues an earlier page.
    case list(token: String?)
    /// Ask for the list as the beginning of a watch
    /// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).
    case stream
    /// Watch from a revision.
    case watch(revision: String)
  }

  private enum State: Hashable {
    /// Nothing is known.
    case empty
    /// Pages were read, and more follow.
    case listing(token: String)
    /// A watch is telling of everything that there is.
    case streaming
    /// Everything was listed; a watch can start or is running.
    case watching(revision: String)
  }

  /// Reads one object of the resource.
  package typealias Decode =
    @Sendable (JSONReader) throws(JSONDecodingError) -> DecodedObject<Value>

  /// Marks the end of a streamed list, on a bookmark.
  private static var endOfList: String { "k8s.io/initial-events-end" }

  /// Whether lists are asked for as the beginning of a watch.
  package var streamsLists = false
  private let keepsSources: Bool
  private var changes: [MirrorChange] = []
  private var state = State.empty
  private let decode: Decode

  /// Creates a machine that knows nothing; one that `keepsSources` has them for a mirror.
  package init(keepsSources: Bool = false, decode: @escaping Decode) {
    self.keepsSources = keepsSources
    self.decode = decode
  }

  /// What to do next.
  package var step: Step {
    switch state {
    case .empty: streamsLists ? .stream : .list(token: nil)
    case .listing(let token): .list(token: token)
    case .streaming: .stream
    case .watching(let revision): .watch(revision: revision)
    }
  }

  /// What a mirror has to take note of, since this was last asked.
  package mutating func takeChanges() -> [MirrorChange] {
    defer { changes.removeAll(keepingCapacity: true) }
    return changes
  }

  /// Takes the body of a page of the list.
  ///
  /// Objects that cannot be read are left out: nobody could tell their names.
  package mutating func receive(
    page bytes: [UInt8]
  ) throws(KubernetesClientError) -> [ResourceEvent<Value>] {
    var events: [ResourceEvent<Value>] = []
    if state == .empty { begin(&events) }
    var revision = ""
    var token = ""
    do throws(JSONDecodingError) {
      var reader = try JSONReader(bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "metadata":
          try reader.beginObject()
          while let key = try reader.nextKey() {
            switch key {
            case "resourceVersion": revision = try reader.readString()
            case "continue": token = try reader.readString()
            default: try reader.skipValue()
            }
          }
        case "items":
          try reader.beginArray()
          while try reader.nextElement() {
            let range = try reader.readRawRange()
            if let object = try? decode(JSONReader(reader, range: range)) {
              events.append(.initApply(object))
              keep(object.key, bytes, range)
            }
          }
        default: try reader.skipValue()
        }
      }
      try reader.finish()
    } catch {
      throw .malformedAnswer(error.description)
    }
    if !token.isEmpty {
      state = .listing(token: token)
      return events
    }
    guard !revision.isEmpty else { throw .malformedAnswer("the list has no resourceVersion") }
    end(&events, revision)
    return events
  }

  /// Takes one line of a watch. What cannot be read is left out, as it is from a page, so that one object
  /// does not keep all others from being followed.
  package mutating func receive(
    line bytes: [UInt8]
  ) throws(KubernetesClientError) -> [ResourceEvent<Value>] {
    var type = ""
    var object: (reader: JSONReader, range: Range<Int>)?
    do throws(JSONDecodingError) {
      var reader = try JSONReader(bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "type": type = try reader.readString()
        case "object":
          let range = try reader.readRawRange()
          object = (JSONReader(reader, range: range), range)
        default: try reader.skipValue()
        }
      }
      try reader.finish()
      guard let object else { throw reader.error("the event has no object") }
      var events: [ResourceEvent<Value>] = []
      switch type {
      case "ADDED", "MODIFIED", "DELETED":
        guard let decoded = try? decode(object.reader) else {
          if state != .streaming {
            advance(
              to: try Self.metadata(of: object.reader, by: ObjectMeta.identity).resourceVersion)
          }
          break
        }
        if type == "DELETED" {
          if keepsSources { changes.append(.gone(decoded.key)) }
        } else {
          keep(decoded.key, bytes, object.range)
        }
        if state == .streaming {
          // What ends while the list is told of was told of before.
          events.append(type == "DELETED" ? .initDelete(decoded.key) : .initApply(decoded))
        } else {
          advance(to: decoded.metadata.resourceVersion)
          events.append(type == "DELETED" ? .delete(decoded.key) : .apply(decoded))
        }
      case "BOOKMARK":
        let metadata = try Self.metadata(of: object.reader, by: ObjectMeta.init(from:))
        if state == .streaming {
          if metadata.annotations[Self.endOfList] == "true" {
            end(&events, metadata.resourceVersion)
          }
        } else {
          advance(to: metadata.resourceVersion)
        }
      case "ERROR": throw reader.error("the server reports an error")
      default: break
      }
      return events
    } catch {
      if type == "ERROR", let object, let failure = try? Self.status(of: object.reader) {
        throw failure
      }
      throw .malformedAnswer(error.description)
    }
  }

  /// Takes note that a streamed list begins.
  package mutating func streamBegins() -> [ResourceEvent<Value>] {
    var events: [ResourceEvent<Value>] = []
    begin(&events)
    state = .streaming
    return events
  }

  /// Takes note that the last step failed; a lost place in history leads back to listing.
  package mutating func fail(_ error: KubernetesClientError) {
    switch state {
    case .empty: break
    case .listing, .streaming: state = .empty
    // What could not be read would be sent again from the same place.
    case .watching: if error.isExpired || error.isMalformed { state = .empty }
    }
  }

  /// Takes note that the server does not have the resource: there are no objects of it.
  package mutating func absent() -> [ResourceEvent<Value>] {
    state = .empty
    if keepsSources { changes += [.listingBegins, .listingEnds] }
    return [.initStart, .initDone]
  }

  private mutating func begin(_ events: inout [ResourceEvent<Value>]) {
    events.append(.initStart)
    if keepsSources { changes.append(.listingBegins) }
  }

  private mutating func end(_ events: inout [ResourceEvent<Value>], _ revision: String) {
    state = .watching(revision: revision)
    events.append(.initDone)
    if keepsSources { changes.append(.listingEnds) }
  }

  private mutating func keep(_ key: ObjectKey, _ bytes: [UInt8], _ range: Range<Int>) {
    if keepsSources { changes.append(.object(key, json: Array(bytes[range]))) }
  }

  private mutating func advance(to revision: String) {
    if !revision.isEmpty { state = .watching(revision: revision) }
  }

  private static func metadata(
    of start: JSONReader, by read: (inout JSONReader) throws(JSONDecodingError) -> ObjectMeta
  ) throws(JSONDecodingError) -> ObjectMeta {
    var reader = start
    var metadata = ObjectMeta()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == "metadata" { metadata = try read(&reader) } else { try reader.skipValue() }
    }
    return metadata
  }

  private static func status(
    of start: JSONReader
  ) throws(JSONDecodingError) -> KubernetesClientError {
    var reader = start
    let object = try reader.readValue()
    return .refused(
      code: object["code"]?.integerValue.flatMap { Int(exactly: $0) } ?? 500,
      reason: object["reason"]?.stringValue ?? "Unknown",
      message: object["message"]?.stringValue ?? "the watch failed")
  }
}
