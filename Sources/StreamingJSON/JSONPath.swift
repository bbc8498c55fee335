/// How the place of a value in a document is written: `spec.http[0].match`, `labels["a.b/c"]`.
package enum JSONPath {
  /// The path of the member `key` of the object at `path`.
  package static func member(_ key: String, of path: String) -> String {
    guard isPlain(key) else { return "\(path)[\(quoted(key))]" }
    return path.isEmpty ? key : "\(path).\(key)"
  }

  /// The path of the element `index` of the array at `path`.
  package static func element(_ index: Int, of path: String) -> String {
    "\(path)[\(index)]"
  }

  /// The path of the object or array that holds the value at `path`; `nil` for the document.
  package static func parent(of path: String) -> String? {
    guard !path.isEmpty else { return nil }
    if path.hasSuffix("\"]"), let start = path.range(ofText: "[\"") {
      return String(path[..<start])
    }
    guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return "" }
    return String(path[..<cut])
  }

  /// Whether a key can stand in a path without quotes.
  private static func isPlain(_ key: String) -> Bool {
    !key.isEmpty
      && key.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// A key in quotes, shortened when it is very long.
  private static func quoted(_ key: String) -> String {
    key.utf8.count > 128 ? "\"\(key.prefix(128))…\"" : "\"\(key)\""
  }
}

extension String {
  /// The start of the last occurrence of a two-character text.
  fileprivate func range(ofText text: String) -> Index? {
    var index = endIndex
    while index > startIndex {
      index = self.index(before: index)
      if self[index...].hasPrefix(text) { return index }
    }
    return nil
  }
}
