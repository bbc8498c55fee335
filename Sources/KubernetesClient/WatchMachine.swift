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
    /// Watch from a revision.
    case watch(revision: String)
  }

  private enum State: Hashable {
    /// Nothing is known.
    case empty
    /// Pages were read, and more follow.
    case listing(token: String)
    /// Everything was listed; a watch can start or is running.
    case watching(revision: String)
  }

  /// Reads one object of the resource.
  package typealias Decode =
    @Sendable (JSONReader) throws(JSONDecodingError) -> DecodedObject<Value>

  private var state = State.empty
  private let decode: Decode

  /// Creates a machine that knows nothing.
  package init(decode: @escaping Decode) {
    self.decode = decode
  }

  /// What to do next.
  package var step: Step {
    switch state {
    case .empty: .list(token: nil)
    case .listing(let token): .list(token: token)
    case .watching(let revision): .watch(revision: revision)
    }
  }

  /// Takes the body of a page of the list.
  ///
  /// Objects whose metadata cannot be read are left out: nobody could tell their names.
  package mutating func receive(
    page bytes: [UInt8]
  ) throws(KubernetesClientError) -> [ResourceEvent<Value>] {
    var events: [ResourceEvent<Value>] = state == .empty ? [.initStart] : []
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
    state = .watching(revision: revision)
    events.append(.initDone)
    return events
  }

  /// Takes one line of a watch.
  package mutating func receive(
    line bytes: [UInt8]
  ) throws(KubernetesClientError) -> ResourceEvent<Value>? {
    var type = ""
    var object: JSONReader?
    do throws(JSONDecodingError) {
      var reader = try JSONReader(bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "type": type = try reader.readString()
        case "object":
          let range = try reader.readRawRange()
          object = JSONReader(reader, range: range)
        default: try reader.skipValue()
        }
      }
      try reader.finish()
      guard let object else { throw reader.error("the event has no object") }
      switch type {
      case "ADDED", "MODIFIED", "DELETED":
        let decoded = try decode(object)
        advance(to: decoded.metadata.resourceVersion)
        return type == "DELETED" ? .delete(decoded.key) : .apply(decoded)
      case "BOOKMARK":
        advance(to: try Self.revision(of: object))
        return nil
      case "ERROR":
        let failure = try Self.failure(of: object)
        throw reader.error(failure)
      default: return nil
      }
    } catch {
      if type == "ERROR", let object, let failure = try? Self.status(of: object) { throw failure }
      throw .malformedAnswer(error.description)
    }
  }

  /// Takes note that the last step failed; a lost place in history leads back to listing.
  package mutating func fail(_ error: KubernetesClientError) {
    switch state {
    case .empty: break
    case .listing: state = .empty
    case .watching: if error.isExpired { state = .empty }
    }
  }

  private mutating func advance(to revision: String) {
    if !revision.isEmpty { state = .watching(revision: revision) }
  }

  private static func revision(of start: JSONReader) throws(JSONDecodingError) -> String {
    var reader = start
    var metadata = ObjectMeta()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == "metadata" { metadata = try reader.read() } else { try reader.skipValue() }
    }
    return metadata.resourceVersion
  }

  private static func failure(of start: JSONReader) throws(JSONDecodingError) -> String {
    var reader = start
    return try reader.readValue()["message"]?.stringValue ?? "the watch failed"
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
