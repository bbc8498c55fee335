package import StreamingJSON

/// What an AuthorizationPolicy does with a request that one of its rules matches.
package enum AuthorizationAction: String, IstioEnum {
  /// Let it pass; what no such rule matches is refused.
  case allow = "ALLOW"
  /// Refuse it.
  case deny = "DENY"
  /// Record it.
  case audit = "AUDIT"
  /// Ask an external authorizer.
  case custom = "CUSTOM"
}

/// Who may do what with workloads (security.istio.io AuthorizationPolicy).
package struct AuthorizationPolicy: Hashable, Sendable {
  /// Workloads in scope. Unset: the namespace, or the mesh in the root namespace.
  package var selector: PolicySelector?
  /// Single form of `targetRefs`.
  package var targetRef: PolicyTargetReference?
  /// Objects the policy is attached to.
  package var targetRefs: [PolicyTargetReference]
  /// Rules, of which one has to match. Unset: none ever matches; a rule without conditions always does.
  package var rules: [AuthorizationRule]?
  /// What is done on a match.
  package var action: AuthorizationAction
  /// The external authorizer; with the action CUSTOM only.
  package var provider: AuthorizationProvider?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    selector: PolicySelector? = nil,
    targetRef: PolicyTargetReference? = nil,
    targetRefs: [PolicyTargetReference] = [],
    rules: [AuthorizationRule]? = nil,
    action: AuthorizationAction = .allow,
    provider: AuthorizationProvider? = nil
  ) {
    self.selector = selector
    self.targetRef = targetRef
    self.targetRefs = targetRefs
    self.rules = rules
    self.action = action
    self.provider = provider
  }
}

extension AuthorizationPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "selector": selector = try reader.read()
      case "targetRef": targetRef = try reader.read()
      case "targetRefs": targetRefs = try reader.read()
      case "rules": rules = try reader.read()
      case "action": action = try reader.read()
      case "provider": provider = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// An external authorizer.
package struct AuthorizationProvider: Hashable, Sendable {
  /// Name of one of the mesh's extension providers.
  package var name: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = ""
  ) {
    self.name = name
  }
}

extension AuthorizationProvider: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
