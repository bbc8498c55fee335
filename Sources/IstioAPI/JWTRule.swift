package import StreamingJSON

/// Whether a request has to carry the token of a rule.
package enum JWTPresence: String, IstioEnum {
  /// A request without token passes.
  case optional = "OPTIONAL"
  /// A request without token is refused.
  case required = "REQUIRED"
}

/// An issuer of tokens and where its tokens are looked for.
package struct JWTRule: Hashable, Sendable {
  /// The issuer that a token has to name.
  package var issuer: String
  /// Accepted audiences. Unset: any.
  package var audiences: [String]
  /// URL of the keys. Unset: found through the issuer.
  package var jwksUri: String
  /// The keys themselves, as a JSON Web Key Set.
  package var jwks: String
  /// Headers with tokens. Unset: `Authorization: Bearer`, then the parameter `access_token`.
  package var fromHeaders: [JWTHeader]
  /// Query parameters with tokens.
  package var fromParams: [String]
  /// Cookies with tokens.
  package var fromCookies: [String]
  /// Header that gets the token's payload.
  package var outputPayloadToHeader: String
  /// Whether the workload gets the token.
  package var forwardOriginalToken: Bool
  /// Headers that get claims.
  package var outputClaimToHeaders: [JWTClaimHeader]
  /// How long fetching the keys may take. Unset: 5s.
  package var timeout: IstioDuration?
  /// Claims that are lists with spaces between. Unset: `scope` and `permission`.
  package var spaceDelimitedClaims: [String]
  /// Whether a token is needed.
  package var presence: JWTPresence

  /// Creates a value; what is left out is as if it were not written.
  package init(
    issuer: String = "",
    audiences: [String] = [],
    jwksUri: String = "",
    jwks: String = "",
    fromHeaders: [JWTHeader] = [],
    fromParams: [String] = [],
    fromCookies: [String] = [],
    outputPayloadToHeader: String = "",
    forwardOriginalToken: Bool = false,
    outputClaimToHeaders: [JWTClaimHeader] = [],
    timeout: IstioDuration? = nil,
    spaceDelimitedClaims: [String] = [],
    presence: JWTPresence = .optional
  ) {
    self.issuer = issuer
    self.audiences = audiences
    self.jwksUri = jwksUri
    self.jwks = jwks
    self.fromHeaders = fromHeaders
    self.fromParams = fromParams
    self.fromCookies = fromCookies
    self.outputPayloadToHeader = outputPayloadToHeader
    self.forwardOriginalToken = forwardOriginalToken
    self.outputClaimToHeaders = outputClaimToHeaders
    self.timeout = timeout
    self.spaceDelimitedClaims = spaceDelimitedClaims
    self.presence = presence
  }
}

extension JWTRule: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "issuer": issuer = try reader.read()
      case "audiences": audiences = try reader.readStrings()
      case "jwksUri", "jwks_uri": jwksUri = try reader.read()
      case "jwks": jwks = try reader.read()
      case "fromHeaders": fromHeaders = try reader.read()
      case "fromParams": fromParams = try reader.readStrings()
      case "fromCookies": fromCookies = try reader.readStrings()
      case "outputPayloadToHeader": outputPayloadToHeader = try reader.read()
      case "forwardOriginalToken": forwardOriginalToken = try reader.read()
      case "outputClaimToHeaders": outputClaimToHeaders = try reader.read()
      case "timeout": timeout = try reader.read()
      case "spaceDelimitedClaims": spaceDelimitedClaims = try reader.readStrings()
      case "presence": presence = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A header with a token.
package struct JWTHeader: Hashable, Sendable {
  /// The header.
  package var name: String
  /// What stands before the token.
  package var prefix: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    prefix: String = ""
  ) {
    self.name = name
    self.prefix = prefix
  }
}

extension JWTHeader: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "prefix": prefix = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A claim and the header that gets it.
package struct JWTClaimHeader: Hashable, Sendable {
  /// The header.
  package var header: String
  /// The claim.
  package var claim: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    header: String = "",
    claim: String = ""
  ) {
    self.header = header
    self.claim = claim
  }
}

extension JWTClaimHeader: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "header": header = try reader.read()
      case "claim": claim = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
