package import StreamingJSON

extension RequestAuthentication: IstioValidatable {
  /// Applies Istio's rules for RequestAuthentications.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.policyScope(selector: selector, targetRef: targetRef, targetRefs: targetRefs)
    validator.require(jwtRules.count <= 4_096, "spec.jwtRules", "there are more than 4096 rules")
    for (index, rule) in jwtRules.enumerated() {
      rule.validate("spec.jwtRules[\(index)]", &validator)
    }
    return validator.issues
  }
}

extension JWTRule {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      !issuer.isEmpty || !jwksUri.isEmpty, "\(path).issuer", "the issuer is missing",
      remedy: "name the issuer, or the URL of its keys in jwksUri")
    for (name, values) in [
      ("audiences", audiences), ("fromParams", fromParams), ("fromCookies", fromCookies),
      ("spaceDelimitedClaims", spaceDelimitedClaims),
    ] {
      for (index, value) in values.enumerated() where value.isEmpty {
        validator.error("\(path).\(name)[\(index)]", "the value is empty", remedy: "remove it")
      }
    }
    validator.require(
      spaceDelimitedClaims.count <= 64, "\(path).spaceDelimitedClaims",
      "there are more than 64 claims")
    validateKeys(path, &validator)
    for (index, header) in fromHeaders.enumerated() {
      validator.require(
        !header.name.isEmpty, "\(path).fromHeaders[\(index)].name", "the header name is empty")
    }
    for (index, output) in outputClaimToHeaders.enumerated() {
      let path = "\(path).outputClaimToHeaders[\(index)]"
      validator.require(!output.claim.isEmpty, "\(path).claim", "the claim is empty")
      validator.require(
        Self.isHeaderName(output.header), "\(path).header",
        "\"\(output.header.prefix(80))\" is not a header name",
        remedy: "use letters, digits, dashes and underscores")
    }
    validator.duration(timeout, "\(path).timeout", wholeMilliseconds: false)
  }

  private func validateKeys(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      jwks.isEmpty || jwksUri.isEmpty, path, "only one of jwks or jwksUri can be set",
      remedy: "remove one")
    if !jwksUri.isEmpty {
      validator.require(
        jwksUri.utf8.count <= 2_048, "\(path).jwksUri", "the URL is longer than 2048 characters")
      validator.require(
        Self.isURL(jwksUri), "\(path).jwksUri", "url must have scheme http:// or https://",
        remedy: "write https://host/path")
    }
    guard !jwks.isEmpty else { return }
    switch Self.judgeKeySet(jwks) {
    case .usable: break
    case .malformed(let reason):
      validator.error(
        "\(path).jwks", "the text is not a JSON Web Key Set: \(reason)",
        remedy: "write {\"keys\": […]}")
    case .holdsPrivateKey:
      validator.warning(
        "\(path).jwks", "the key set holds a private key", remedy: "publish the public part only")
    }
  }

  private enum KeySetVerdict {
    case usable
    case malformed(String)
    case holdsPrivateKey
  }

  private static func judgeKeySet(_ text: String) -> KeySetVerdict {
    do throws(JSONDecodingError) {
      let set = try JSONValue(parsing: text, limits: JSONLimits(size: 1 << 20, depth: 16))
      guard let keys = set["keys"]?.arrayValue else { return .malformed("it has no keys") }
      for (index, key) in keys.enumerated() where key["kty"]?.stringValue?.isEmpty != false {
        return .malformed("keys[\(index)] has no kty")
      }
      // The private member of RSA, EC and OKP keys, and the secret of symmetric ones (RFC 7518 §6).
      return keys.contains { $0["d"] != nil || $0["k"] != nil } ? .holdsPrivateKey : .usable
    } catch {
      return .malformed(error.description)
    }
  }

  private static func isURL(_ text: String) -> Bool {
    for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
      let rest = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
      return !rest.isEmpty && !text.utf8.contains { $0 <= 0x20 || $0 == 0x7F }
    }
    return false
  }

  private static func isHeaderName(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
