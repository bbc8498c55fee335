package import StreamingJSON

/// Which tokens requests may carry (security.istio.io RequestAuthentication).
package struct RequestAuthentication: Hashable, Sendable {
  /// Workloads in scope. Unset: the namespace, or the mesh in the root namespace.
  package var selector: PolicySelector?
  /// Single form of `targetRefs`.
  package var targetRef: PolicyTargetReference?
  /// Objects the policy is attached to.
  package var targetRefs: [PolicyTargetReference]
  /// Accepted issuers.
  package var jwtRules: [JWTRule]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    selector: PolicySelector? = nil,
    targetRef: PolicyTargetReference? = nil,
    targetRefs: [PolicyTargetReference] = [],
    jwtRules: [JWTRule] = []
  ) {
    self.selector = selector
    self.targetRef = targetRef
    self.targetRefs = targetRefs
    self.jwtRules = jwtRules
  }
}

extension RequestAuthentication: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "selector": selector = try reader.read()
      case "targetRef": targetRef = try reader.read()
      case "targetRefs": targetRefs = try reader.read()
      case "jwtRules": jwtRules = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
