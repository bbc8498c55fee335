internal import StreamingJSON

extension AuthorizationSource {
  private var lists: [(name: String, values: [String])] {
    [
      ("principals", principals), ("notPrincipals", notPrincipals),
      ("requestPrincipals", requestPrincipals), ("notRequestPrincipals", notRequestPrincipals),
      ("namespaces", namespaces), ("notNamespaces", notNamespaces),
      ("serviceAccounts", serviceAccounts), ("notServiceAccounts", notServiceAccounts),
      ("trustDomains", trustDomains), ("notTrustDomains", notTrustDomains),
      ("ipBlocks", ipBlocks), ("notIpBlocks", notIpBlocks),
      ("remoteIpBlocks", remoteIpBlocks), ("notRemoteIpBlocks", notRemoteIpBlocks),
    ]
  }

  var isEmpty: Bool { lists.allSatisfy(\.values.isEmpty) }

  /// Whether a condition can be judged on a connection that carries no HTTP.
  var usesConnection: Bool {
    lists.contains { !$0.values.isEmpty && !$0.name.hasSuffix("equestPrincipals") }
  }

  func validate(
    _ path: String, action: AuthorizationAction, _ validator: inout FieldValidator
  ) {
    for (name, values) in lists {
      let path = "\(path).\(name)"
      if action == .custom, !values.isEmpty, !name.hasSuffix("pBlocks") {
        validator.error(
          path, "the action CUSTOM cannot be limited by \(name)",
          remedy: "decide on it in the external authorizer")
      }
      switch name {
      case "ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks":
        for (index, block) in values.enumerated() {
          validator.addressOrNetwork(block, "\(path)[\(index)]")
        }
      case "serviceAccounts", "notServiceAccounts":
        validator.require(values.count <= 16, path, "there are more than 16 service accounts")
        for (index, account) in values.enumerated() {
          validator.serviceAccount(account, "\(path)[\(index)]")
        }
      case "trustDomains", "notTrustDomains":
        for (index, domain) in values.enumerated() {
          validator.trustDomainPattern(domain, "\(path)[\(index)]")
        }
      default: validator.nonEmptyStrings(values, path)
      }
    }
    let accounts = !serviceAccounts.isEmpty || !notServiceAccounts.isEmpty
    let others = [principals, notPrincipals, namespaces, notNamespaces]
    validator.require(
      !accounts || others.allSatisfy(\.isEmpty), path,
      "Cannot set serviceAccounts with namespaces or principals", remedy: "use one of them")
  }
}

extension FieldValidator {
  /// `name` or `namespace/name`.
  mutating func serviceAccount(_ text: String, _ path: String) {
    require(!text.contains("*"), path, "a service account cannot have a wildcard")
    require(text.utf8.count <= 320, path, "the service account is longer than 320 characters")
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    require(
      parts.count <= 2 && parts.allSatisfy { !$0.isEmpty }, path,
      "\"\(text.prefix(80))\" is not a service account", remedy: "write namespace/name or name")
  }

  /// A trust domain with at most one wildcard, at an end.
  mutating func trustDomainPattern(_ text: String, _ path: String) {
    require(!text.isEmpty, path, "the trust domain is empty")
    require(!text.contains("/"), path, "a trust domain has no slash")
    let stars = text.count { $0 == "*" }
    require(
      stars == 0 || (stars == 1 && (text.hasPrefix("*") || text.hasSuffix("*"))), path,
      "a trust domain has at most one *, at its start or end")
  }
}
