internal import StreamingJSON

/// The labels and fields a list or watch is limited to.
struct ObjectSelector: Hashable {
  private enum Requirement: Hashable {
    case isIn(String, Set<String>)
    case isNotIn(String, Set<String>)
    case exists(String)
    case doesNotExist(String)
  }

  private var labels: [Requirement] = []
  private var fields: [Requirement] = []

  /// Whether everything matches.
  var isEmpty: Bool { labels.isEmpty && fields.isEmpty }

  /// Parses the query parameters `labelSelector` and `fieldSelector`.
  init(labels labelText: String, fields fieldText: String) throws(APIStatus) {
    for term in Self.terms(labelText) { labels.append(try Self.label(term)) }
    for term in Self.terms(fieldText) {
      guard let requirement = Self.equality(term) else {
        throw .badRequest("invalid field selector \"\(fieldText.prefix(100))\"")
      }
      fields.append(requirement)
    }
  }

  /// Whether an object is selected.
  func matches(_ object: JSONValue) -> Bool {
    let own = object[path: ["metadata", "labels"]]
    return labels.allSatisfy { Self.holds($0) { own?[$0]?.stringValue } }
      && fields.allSatisfy { requirement in
        Self.holds(requirement) { path in
          object[path: path.split(separator: ".").map(String.init)]?.stringValue ?? ""
        }
      }
  }

  private static func holds(_ requirement: Requirement, value: (String) -> String?) -> Bool {
    switch requirement {
    case .isIn(let key, let values): value(key).map(values.contains) ?? false
    case .isNotIn(let key, let values): !(value(key).map(values.contains) ?? false)
    case .exists(let key): value(key) != nil
    case .doesNotExist(let key): value(key) == nil
    }
  }

  /// The parts between commas that are not inside parentheses.
  private static func terms(_ text: String) -> [String] {
    var terms: [String] = []
    var term = ""
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        terms.append(term)
        term = ""
      } else {
        term.append(character)
      }
    }
    terms.append(term)
    return terms.map(trimmed).filter { !$0.isEmpty }
  }

  private static func equality(_ term: String) -> Requirement? {
    for sign in ["!=", "==", "="] {
      guard let range = firstRange(of: sign, in: term) else { continue }
      let key = trimmed(String(term[..<range.lowerBound]))
      let value = trimmed(String(term[range.upperBound...]))
      guard !key.isEmpty else { return nil }
      return sign == "!=" ? .isNotIn(key, [value]) : .isIn(key, [value])
    }
    return nil
  }

  private static func label(_ term: String) throws(APIStatus) -> Requirement {
    if let requirement = equality(term), !term.contains("(") { return requirement }
    if let open = term.firstIndex(of: "("), term.hasSuffix(")") {
      let head = term[..<open].split(separator: " ").map(String.init)
      let values = Set(
        term[term.index(after: open)...].dropLast().split(separator: ",").map {
          trimmed(String($0))
        })
      if head.count == 2, head[1] == "in" { return .isIn(head[0], values) }
      if head.count == 2, head[1] == "notin" { return .isNotIn(head[0], values) }
    } else if term.hasPrefix("!"), !term.dropFirst().contains(" ") {
      return .doesNotExist(trimmed(String(term.dropFirst())))
    } else if !term.contains(" ") {
      return .exists(term)
    }
    throw .badRequest("unable to parse requirement \"\(term.prefix(100))\"")
  }

  private static func trimmed(_ text: String) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  private static func firstRange(of needle: String, in text: String) -> Range<String.Index>? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix(needle) {
        return index..<text.index(index, offsetBy: needle.count)
      }
      index = text.index(after: index)
    }
    return nil
  }
}
