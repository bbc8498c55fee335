internal import StreamingJSON

extension HTTPRoute {
  func validate(
    _ path: String, isDelegate: Bool, boundToMesh: Bool, _ validator: inout FieldValidator
  ) {
    validateAction(path, isDelegate: isDelegate, &validator)
    for (index, match) in match.enumerated() {
      match.validate("\(path).match[\(index)]", boundToMesh: boundToMesh, &validator)
    }
    validateWeights(route.map(\.weight), "\(path).route", &validator)
    for (index, target) in route.enumerated() {
      let targetPath = "\(path).route[\(index)]"
      validateDestination(target.destination, "\(targetPath).destination", &validator)
      target.headers?.validate("\(targetPath).headers", &validator)
    }
    redirect?.validate("\(path).redirect", match: match, &validator)
    directResponse?.validate("\(path).directResponse", &validator)
    rewrite?.validate("\(path).rewrite", &validator)
    validator.duration(timeout, "\(path).timeout")
    retries?.validate("\(path).retries", &validator)
    fault?.validate("\(path).fault", &validator)
    validateMirrors(path, &validator)
    corsPolicy?.validate("\(path).corsPolicy", &validator)
    headers?.validate("\(path).headers", &validator)
    validateAuthority(path, &validator)
  }

  /// Exactly one of route, redirect, directResponse and delegate decides.
  private func validateAction(
    _ path: String, isDelegate: Bool, _ validator: inout FieldValidator
  ) {
    let actions = [
      ("route", !route.isEmpty), ("redirect", redirect != nil),
      ("directResponse", directResponse != nil), ("delegate", delegate != nil),
    ].filter(\.1).map(\.0)
    if actions.count > 1 {
      validator.error(path, "only one of \(actions.joined(separator: ", ")) may be set")
    }
    validator.require(
      !actions.isEmpty, path, "the rule needs a route, redirect, directResponse or delegate")
    if delegate != nil {
      validator.require(
        !isDelegate, "\(path).delegate", "a delegate VirtualService cannot delegate again")
    }
    for (name, isSet) in [("fault", fault != nil), ("rewrite", rewrite != nil)] where isSet {
      for other in ["redirect", "directResponse"] where actions.contains(other) {
        validator.error("\(path).\(name)", "\(name) cannot be set together with \(other)")
      }
    }
  }

  private func validateMirrors(_ path: String, _ validator: inout FieldValidator) {
    if let mirror {
      validateDestination(mirror, "\(path).mirror", &validator)
      validator.require(
        mirrors.isEmpty, "\(path).mirrors", "mirrors cannot be set together with mirror")
    }
    for (index, mirror) in mirrors.enumerated() {
      let mirrorPath = "\(path).mirrors[\(index)]"
      validateDestination(mirror.destination, "\(mirrorPath).destination", &validator)
      validatePercent(mirror.percentage, "\(mirrorPath).percentage", &validator)
    }
    validatePercent(mirrorPercentage, "\(path).mirrorPercentage", &validator)
    if let mirrorPercent {
      validator.require(
        mirrorPercent <= 100, "\(path).mirrorPercent", "the percentage is above 100")
      validator.warning(
        "\(path).mirrorPercent", "mirrorPercent is deprecated", remedy: "use mirrorPercentage")
    }
  }

  private func validateAuthority(_ path: String, _ validator: inout FieldValidator) {
    let operations = headers?.request
    let names = Array((operations?.set ?? [:]).keys) + Array((operations?.add ?? [:]).keys)
    let edits =
      names.count { $0.lowercased() == ":authority" || $0.lowercased() == "host" }
      + (rewrite?.authority.isEmpty == false ? 1 : 0)
    validator.require(edits <= 1, path, "the authority is set more than once")
  }
}

func validatePercent(
  _ percent: Percent?, _ path: String, minimum: Double = 0, _ validator: inout FieldValidator
) {
  guard let value = percent?.value else { return }
  validator.require(
    value == 0 || (value >= minimum && value <= 100), "\(path).value",
    "\(value) is not a percentage between \(minimum == 0 ? "0" : "0.0001") and 100")
}

extension HTTPMatchRequest {
  func validate(_ path: String, boundToMesh: Bool, _ validator: inout FieldValidator) {
    validator.stringMatch(uri, "\(path).uri", allowsEmptyPrefix: true)
    validator.stringMatch(scheme, "\(path).scheme")
    validator.stringMatch(method, "\(path).method")
    validator.stringMatch(authority, "\(path).authority")
    for (name, match) in headers.sorted(by: { $0.key < $1.key }) {
      let headerPath = JSONPath.member(name, of: "\(path).headers")
      validateName(name, headerPath, boundToMesh: boundToMesh, &validator)
      validator.stringMatch(match, headerPath)
    }
    for (name, match) in withoutHeaders.sorted(by: { $0.key < $1.key }) {
      let headerPath = JSONPath.member(name, of: "\(path).withoutHeaders")
      validateName(name, headerPath, boundToMesh: boundToMesh, &validator)
      // For absence Istio reads the pattern `*` as "present", although RE2 refuses it.
      if match != .regex("*") { validator.stringMatch(match, headerPath) }
    }
    for (name, match) in queryParams.sorted(by: { $0.key < $1.key }) {
      validator.stringMatch(match, JSONPath.member(name, of: "\(path).queryParams"))
    }
    if let port, port != 0 { validator.port(port, "\(path).port") }
    validator.labels(sourceLabels, "\(path).sourceLabels")
    if !sourceNamespace.isEmpty { validator.dnsLabel(sourceNamespace, "\(path).sourceNamespace") }
    validateGateways(gateways, "\(path).gateways", &validator)
  }

  private func validateName(
    _ name: String, _ path: String, boundToMesh: Bool, _ validator: inout FieldValidator
  ) {
    if name.hasPrefix("@request.auth.claims") {
      validator.require(
        !boundToMesh, path, "claims can only be matched at a gateway",
        remedy: "remove mesh from spec.gateways")
      return
    }
    let token = name.hasPrefix(":") ? name.dropFirst() : Substring(name)
    validator.require(NameSyntax.isToken(token), path, "the header name is malformed")
  }
}

extension HeaderRules {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    request?.validate("\(path).request", isRequest: true, &validator)
    response?.validate("\(path).response", isRequest: false, &validator)
  }
}

extension HeaderOperations {
  func validate(_ path: String, isRequest: Bool, _ validator: inout FieldValidator) {
    for (member, edits) in [("set", set), ("add", add)] {
      for (name, value) in edits.sorted(by: { $0.key < $1.key }) {
        let editPath = JSONPath.member(name, of: "\(path).\(member)")
        if let fault = HeaderSyntax.fault(name: name, isRequest: isRequest, isRemoval: false) {
          validator.error(editPath, fault)
        }
        if let fault = HeaderSyntax.fault(value: value) { validator.error(editPath, fault) }
      }
    }
    for (index, name) in remove.enumerated() {
      if let fault = HeaderSyntax.fault(name: name, isRequest: isRequest, isRemoval: true) {
        validator.error("\(path).remove[\(index)]", fault)
      }
    }
  }
}

extension HTTPRedirect {
  func validate(_ path: String, match: [HTTPMatchRequest], _ validator: inout FieldValidator) {
    validator.require(
      !uri.isEmpty || !prefixRewrite.isEmpty || !authority.isEmpty || !scheme.isEmpty
        || redirectPort != nil, path, "the redirect changes nothing",
      remedy: "set uri, prefixRewrite, authority, scheme or port")
    validator.require(
      uri.isEmpty || prefixRewrite.isEmpty, path, "only one of uri and prefixRewrite may be set")
    if !prefixRewrite.isEmpty {
      let matchesPrefixes = match.allSatisfy { request in
        if case .prefix = request.uri { true } else { false }
      }
      validator.require(
        matchesPrefixes, "\(path).prefixRewrite", "every match of the rule must have a uri prefix")
    }
    if let redirectCode, redirectCode != 0 {
      validator.require(
        (300...399).contains(redirectCode), "\(path).redirectCode",
        "\(redirectCode) is not a redirect status")
    }
    if !scheme.isEmpty {
      validator.require(
        scheme == "http" || scheme == "https", "\(path).scheme", "the scheme must be http or https")
    }
    if case .port(let port) = redirectPort { validator.port(port, "\(path).port") }
  }
}

extension HTTPDirectResponse {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      (200...600).contains(status), "\(path).status",
      "\(status) is not a status between 200 and 600")
    if case .bytes(let text)? = body?.specifier {
      validator.require(
        Self.isBase64(text), "\(path).body.bytes", "the text is not Base64",
        remedy: "encode the body, or write it as string")
    }
    let size =
      switch body?.specifier {
      case .string(let text): text.utf8.count
      case .bytes(let text): text.utf8.count / 4 * 3
      case nil: 0
      }
    validator.require(size <= 1 << 20, "\(path).body", "the body is larger than 1 MiB")
    if size > 100 << 10, size <= 1 << 20 {
      validator.warning("\(path).body", "the body is large and is sent to every proxy")
    }
  }

  /// Base64 in either alphabet, with or without padding, as protobuf's JSON takes it.
  private static func isBase64(_ text: String) -> Bool {
    let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
    let padding = text.utf8.count - digits.count
    return padding <= 2 && text.utf8.suffix(padding).allSatisfy { $0 == UInt8(ascii: "=") }
      && digits.count % 4 != 1 && (padding == 0 || text.utf8.count.isMultiple(of: 4))
      && digits.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "+/-_".utf8.contains(byte)
        }
      }
  }
}

extension HTTPRewrite {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      !uri.isEmpty || !authority.isEmpty || uriRegexRewrite != nil, path,
      "the rewrite changes nothing",
      remedy: "set uri, uriRegexRewrite or authority")
    guard let uriRegexRewrite else { return }
    validator.require(uri.isEmpty, path, "only one of uri and uriRegexRewrite may be set")
    validator.regex(uriRegexRewrite.match, "\(path).uriRegexRewrite.match")
    validator.require(
      !uriRegexRewrite.rewrite.isEmpty, "\(path).uriRegexRewrite.rewrite",
      "the replacement is empty")
  }
}

extension HTTPRetry {
  private static let conditions: Set<String> = [
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited",
    "retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers",
    "http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal",
    "resource-exhausted",
    "unavailable",
  ]

  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(attempts >= 0, "\(path).attempts", "the number of attempts is negative")
    if attempts == 0 {
      validator.require(
        perTryTimeout == nil && retryOn.isEmpty && retryRemoteLocalities == nil, path,
        "attempts is 0, so the other settings of retries cannot be set", remedy: "set attempts")
    }
    validator.duration(perTryTimeout, "\(path).perTryTimeout")
    validator.duration(backoff, "\(path).backoff")
    guard !retryOn.isEmpty else { return }
    for condition in retryOn.split(separator: ",", omittingEmptySubsequences: false) {
      let isStatus = Int(condition).map { (100...599).contains($0) } ?? false
      validator.require(
        Self.conditions.contains(String(condition)) || isStatus, "\(path).retryOn",
        "\"\(condition.prefix(64))\" is not a retry condition")
    }
  }
}

extension HTTPFaultInjection {
  private static let grpcStatuses: Set<String> = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
    "DATA_LOSS",
  ]

  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(delay != nil || abort != nil, path, "the fault needs a delay or an abort")
    if let delay {
      validatePercent(delay.percentage, "\(path).delay.percentage", minimum: 0.000_1, &validator)
      if let percent = delay.percent {
        validator.require(
          (0...100).contains(percent), "\(path).delay.percent",
          "\(percent) is not between 0 and 100")
      }
      switch delay.delayType {
      case .fixedDelay(let duration): validator.duration(duration, "\(path).delay.fixedDelay")
      case .exponentialDelay:
        validator.error(
          "\(path).delay.exponentialDelay", "exponential delays are not supported",
          remedy: "use fixedDelay")
      case nil: break
      }
    }
    guard let abort else { return }
    validatePercent(abort.percentage, "\(path).abort.percentage", minimum: 0.000_1, &validator)
    switch abort.errorType {
    case .httpStatus(let status):
      validator.require(
        (200...600).contains(status), "\(path).abort.httpStatus",
        "\(status) is not a status between 200 and 600")
    case .grpcStatus(let name):
      validator.require(
        Self.grpcStatuses.contains(name), "\(path).abort.grpcStatus",
        "\"\(name.prefix(64))\" is not a gRPC status")
    case .http2Error:
      validator.error("\(path).abort.http2Error", "HTTP/2 errors are not supported")
    case nil: validator.warning("\(path).abort", "no status is given, so nothing is aborted")
    }
  }
}

extension CORSPolicy {
  private static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*",
  ]

  func validate(_ path: String, _ validator: inout FieldValidator) {
    for (index, origin) in allowOrigins.enumerated() {
      let originPath = "\(path).allowOrigins[\(index)]"
      switch origin {
      case .exact(""), .prefix(""), .regex(""), .unset:
        validator.error(originPath, "the origin needs an exact, prefix or regex that is not empty")
      default: validator.stringMatch(origin, originPath)
      }
    }
    for (index, method) in allowMethods.enumerated() {
      validator.require(
        Self.methods.contains(method), "\(path).allowMethods[\(index)]",
        "\"\(method.prefix(64))\" is not an HTTP method")
    }
    for (member, names) in [("allowHeaders", allowHeaders), ("exposeHeaders", exposeHeaders)] {
      for (index, name) in names.enumerated() {
        validator.require(
          NameSyntax.isToken(name), "\(path).\(member)[\(index)]", "the header name is malformed")
      }
    }
    validator.duration(maxAge, "\(path).maxAge")
    if let nanoseconds = maxAge?.nanoseconds {
      validator.require(
        nanoseconds == 0, "\(path).maxAge", "the age must be a whole number of seconds")
    }
  }
}
