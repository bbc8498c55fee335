/// Paths with `{*}` for one segment and `{**}` for any number of them.
enum PathTemplateSyntax {
  /// Why Envoy could not match the path, or `nil`.
  static func fault(_ path: String) -> String? {
    let isTemplate = path.contains("{*}") || path.contains("{**}")
    var sawRest = false
    for segment in path.split(separator: "/") {
      if segment == "{*}" || segment == "{**}" {
        if sawRest { return "{**} has to be the last operator of the path" }
        sawRest = segment == "{**}"
        continue
      }
      if segment.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
        return "\"\(segment.prefix(64))\" is not an operator (write {*} or {**} between slashes)"
      }
      if isTemplate, !segment.utf8.allSatisfy(isLiteral) {
        return "\"\(segment.prefix(64))\" has a character that a path template cannot match"
      }
    }
    return nil
  }

  private static func isLiteral(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~%!$&'()+,;:@=".utf8.contains(byte)
    }
  }
}
