/// The schema of RequestAuthentication, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let requestAuthentication: Self = .object(
    [
      "jwtRules": .list(.jwtRule, count: ...4096).about("Accepted JWT issuers."),
      "selector": .workloadSelector.about("Workloads in scope."),
      "targetRef": .targetReference.about("Hidden single form of targetRefs."),
      "targetRefs": .list(.targetReference, count: ...16).about(
        "Attach to Gateway / GatewayClass / Service / ServiceEntry."),
    ])

  static let jwtRule: Self = .object(
    [
      "audiences": .list(.text(length: 1...)).about("Accepted `aud`."),
      "forwardOriginalToken": .boolean.about("Keep token upstream."),
      "fromCookies": .list(.text(length: 1...)).about("Cookies."),
      "fromHeaders": .list(.jwtHeader).about("Where to find token."),
      "fromParams": .list(.text(length: 1...)).about("Query params."),
      "issuer": .text(length: 1...).about("`iss` that must match."),
      "jwks": .text.about("Inline JWKS."),
      "jwks_uri": .text(length: 1...2048).about("Snake-case alias of jwksUri."),
      "jwksUri": .text(length: 1...2048).about(
        "JWKS URL (istiod fetches and inlines unless PILOT_JWT_ENABLE_REMOTE_JWKS)."),
      "outputClaimToHeaders": .list(.claimToHeader).about("Claim → header."),
      "outputPayloadToHeader": .text.about("Forward base64 payload."),
      "presence": .choice("OPTIONAL", "REQUIRED").about(
        "REQUIRED would reject token-less requests; in CRD at HEAD, not read by istiod Go code at HEAD."
      ),
      "spaceDelimitedClaims": .list(.text(length: 1...), count: ...64).about(
        "Claims split on spaces."),
      "timeout": .duration.about("JWKS fetch timeout."),
    ])

  static let claimToHeader: Self = .object(
    [
      "claim": .text(length: 1...).about("Claim."),
      "header": .text(length: 1..., pattern: Pattern.headerName).about("Header."),
    ], required: ["claim", "header"])

  static let jwtHeader: Self = .object(
    [
      "name": .text(length: 1...).about("Header."),
      "prefix": .text.about("Prefix to strip."),
    ], required: ["name"])
}
