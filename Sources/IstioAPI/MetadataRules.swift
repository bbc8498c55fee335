internal import StreamingJSON

/// Istio's rules for the annotations of its objects.
enum MetadataRules {
  /// Reads `metadata` and returns its annotations.
  static func annotations(
    from reader: inout JSONReader
  ) throws(JSONDecodingError) -> [String: String] {
    var annotations: [String: String] = [:]
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == "annotations" {
        annotations = try reader.readStringMap()
      } else {
        try reader.skipValue()
      }
    }
    return annotations
  }

  /// What the annotations of an object break; `action` is that of an AuthorizationPolicy.
  static func issues(
    _ annotations: [String: String], action: AuthorizationAction?
  ) -> [FieldIssue] {
    guard !annotations.isEmpty else { return [] }
    var validator = FieldValidator()
    func path(_ name: String) -> String { JSONPath.member(name, of: "metadata.annotations") }
    let alwaysReject = "internal.istio.io/webhook-always-reject"
    if annotations[alwaysReject] != nil {
      validator.error(path(alwaysReject), "the annotation asks for a refusal")
    }
    for name in ["internal.istio.io/parents", "internal.istio.io/parent-namespace"]
    where annotations[name] != nil {
      validator.error(
        path(name), "the annotation is reserved for objects made from the Gateway API",
        remedy: "remove it")
    }
    let dryRun = "istio.io/dry-run"
    if let value = annotations[dryRun] {
      validator.require(
        action == .allow || action == .deny, path(dryRun),
        "only an AuthorizationPolicy with the action ALLOW or DENY can be tried out",
        remedy: "remove the annotation")
      // The words Go's strconv.ParseBool takes.
      let words = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"]
      validator.require(
        words.contains(value), path(dryRun), "\"\(value.prefix(64))\" is not true or false")
    }
    return validator.issues
  }
}
