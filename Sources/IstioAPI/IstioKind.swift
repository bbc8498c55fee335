package import StreamingJSON

/// The kinds of Istio's API that are decoded into values of their own.
package enum IstioKind: String, CaseIterable, Hashable, Sendable {
  /// networking.istio.io VirtualService.
  case virtualService = "VirtualService"
  /// networking.istio.io DestinationRule.
  case destinationRule = "DestinationRule"
  /// networking.istio.io Gateway.
  case gateway = "Gateway"
  /// networking.istio.io ServiceEntry.
  case serviceEntry = "ServiceEntry"
  /// networking.istio.io Sidecar.
  case sidecar = "Sidecar"
  /// networking.istio.io WorkloadEntry.
  case workloadEntry = "WorkloadEntry"
  /// networking.istio.io WorkloadGroup.
  case workloadGroup = "WorkloadGroup"
  /// security.istio.io PeerAuthentication.
  case peerAuthentication = "PeerAuthentication"
  /// security.istio.io AuthorizationPolicy.
  case authorizationPolicy = "AuthorizationPolicy"
  /// security.istio.io RequestAuthentication.
  case requestAuthentication = "RequestAuthentication"

  /// Decodes the `spec` of an object of this kind and applies the rules to it.
  ///
  /// `reader` stands at the start of the object. A decoding error is one of the issues.
  package func check(_ reader: JSONReader) -> SpecificationVerdict {
    switch self {
    case .virtualService: Self.check(VirtualService.self, reader)
    case .destinationRule: Self.check(DestinationRule.self, reader)
    case .gateway: Self.check(Gateway.self, reader)
    case .serviceEntry: Self.check(ServiceEntry.self, reader)
    case .sidecar: Self.check(Sidecar.self, reader)
    case .workloadEntry: Self.check(WorkloadEntry.self, reader)
    case .workloadGroup: Self.check(WorkloadGroup.self, reader)
    case .peerAuthentication: Self.check(PeerAuthentication.self, reader)
    case .authorizationPolicy: Self.check(AuthorizationPolicy.self, reader)
    case .requestAuthentication: Self.check(RequestAuthentication.self, reader)
    }
  }

  private static func check<Spec: IstioValidatable & JSONReadable>(
    _ type: Spec.Type, _ start: JSONReader
  ) -> SpecificationVerdict {
    var reader = start
    do throws(JSONDecodingError) {
      var spec: Spec?
      var annotations: [String: String] = [:]
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "spec": spec = try reader.read()
        case "metadata": annotations = try MetadataRules.annotations(from: &reader)
        case "apiVersion", "kind", "status": try reader.skipValue()
        default: try reader.skipUnknownField()
        }
      }
      if spec == nil {
        var empty = try JSONReader(Array("{}".utf8), pathPrefix: "spec")
        spec = try empty.read()
      }
      let action = (spec as? AuthorizationPolicy)?.action
      return SpecificationVerdict(
        issues: MetadataRules.issues(annotations, action: action) + (spec?.validate() ?? []),
        unknownFields: reader.unknownFields)
    } catch {
      return SpecificationVerdict(
        issues: [FieldIssue(error)], unknownFields: reader.unknownFields)
    }
  }
}

/// What is to be said about a specification.
package struct SpecificationVerdict: Hashable, Sendable {
  /// What breaks a rule, and what is suspicious.
  package var issues: [FieldIssue]
  /// Paths of fields that are not part of the API.
  package var unknownFields: [String]

  /// Creates a verdict.
  package init(issues: [FieldIssue] = [], unknownFields: [String] = []) {
    self.issues = issues
    self.unknownFields = unknownFields
  }

  /// The issues that make the object unusable.
  package var errors: [FieldIssue] { issues.filter { $0.severity == .error } }

  /// Whether the object can be used.
  package var isAccepted: Bool { errors.isEmpty }
}
