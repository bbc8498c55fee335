internal import StreamingJSON

extension AuthorizationCondition {
  func validate(
    _ path: String, action: AuthorizationAction, _ validator: inout FieldValidator
  ) {
    validator.require(
      !values.isEmpty || !notValues.isEmpty, path, "values and notValues are both empty",
      remedy: "give at least one value")
    guard let attribute = AuthorizationAttribute(key) else {
      validator.error(
        "\(path).key", "\"\(key.prefix(80))\" is not an attribute",
        remedy: AuthorizationAttribute.remedy(for: key))
      return
    }
    if action == .custom, attribute.needsIdentity {
      validator.error(
        "\(path).key", "the action CUSTOM cannot be limited by \(key.prefix(80))",
        remedy: "decide on it in the external authorizer")
    }
    for (name, values) in [("values", values), ("notValues", notValues)] {
      for (index, value) in values.enumerated() {
        attribute.validate(value, "\(path).\(name)[\(index)]", &validator)
      }
    }
  }
}

/// What a condition can be about.
enum AuthorizationAttribute: Hashable {
  case requestHeader
  case address
  case port
  case serviceAccount
  case trustDomain
  case peer
  case token
  case claim
  case serverName
  case filterMetadata

  /// The attribute a key names; `nil` when there is none.
  init?(_ key: String) {
    switch key {
    case "source.ip", "remote.ip", "destination.ip": self = .address
    case "destination.port": self = .port
    case "source.serviceAccount": self = .serviceAccount
    case "source.trustDomain": self = .trustDomain
    case "source.namespace", "source.principal": self = .peer
    case "request.auth.principal", "request.auth.audiences", "request.auth.presenter":
      self = .token
    case "connection.sni": self = .serverName
    default:
      if let arguments = Self.arguments(of: key, after: "request.headers"), arguments.count == 1 {
        self = .requestHeader
      } else if Self.arguments(of: key, after: "request.auth.claims") != nil {
        self = .claim
      } else if key.hasPrefix("experimental.envoy.filters."), let open = key.firstIndex(of: "["),
        Self.arguments(of: key, after: String(key[..<open]))?.count == 1
      {
        self = .filterMetadata
      } else {
        return nil
      }
    }
  }

  /// Whether the attribute comes from the peer's certificate or a token.
  var needsIdentity: Bool {
    switch self {
    case .peer, .serviceAccount, .trustDomain, .token, .claim: true
    default: false
    }
  }

  func validate(_ value: String, _ path: String, _ validator: inout FieldValidator) {
    switch self {
    case .address: validator.addressOrNetwork(value, path)
    case .port: validator.portText(value, path)
    case .serviceAccount: validator.serviceAccount(value, path)
    case .trustDomain: validator.trustDomainPattern(value, path)
    default:
      validator.require(
        !value.isEmpty, path, "the value is empty", remedy: "remove it; * matches any value")
    }
  }

  static func remedy(for key: String) -> String {
    switch key {
    case "destination.labels", "destination.name", "destination.user", "destination.namespace":
      "choose workloads with spec.selector"
    default:
      "use source.ip, remote.ip, source.namespace, source.principal, source.serviceAccount, "
        + "source.trustDomain, request.headers[name], request.auth.claims[name], "
        + "request.auth.principal, request.auth.audiences, request.auth.presenter, "
        + "destination.ip, destination.port or connection.sni"
    }
  }

  /// The texts in brackets that follow a prefix: `a` and `b` of `prefix[a][b]`.
  private static func arguments(of key: String, after prefix: String) -> [Substring]? {
    guard key.hasPrefix(prefix) else { return nil }
    var rest = key.dropFirst(prefix.count)
    var arguments: [Substring] = []
    while rest.first == "[" {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      let argument = rest[rest.index(after: rest.startIndex)..<close]
      guard !argument.isEmpty, !argument.contains("[") else { return nil }
      arguments.append(argument)
      rest = rest[rest.index(after: close)...]
    }
    return rest.isEmpty && !arguments.isEmpty ? arguments : nil
  }
}
