package import StreamingJSON

/// Who asks; all fields that are given have to match.
package struct AuthorizationSource: Hashable, Sendable {
  /// Identities of the peer, without their scheme.
  package var principals: [String]
  /// Identities that do not match.
  package var notPrincipals: [String]
  /// Identities of the token, `issuer/subject`.
  package var requestPrincipals: [String]
  /// Token identities that do not match.
  package var notRequestPrincipals: [String]
  /// Namespaces of the peer.
  package var namespaces: [String]
  /// Namespaces that do not match.
  package var notNamespaces: [String]
  /// Service accounts of the peer, `namespace/name` or `name`.
  package var serviceAccounts: [String]
  /// Service accounts that do not match.
  package var notServiceAccounts: [String]
  /// Trust domains of the peer.
  package var trustDomains: [String]
  /// Trust domains that do not match.
  package var notTrustDomains: [String]
  /// Addresses of the connection's source.
  package var ipBlocks: [String]
  /// Addresses that do not match.
  package var notIpBlocks: [String]
  /// Addresses of the client before any proxies.
  package var remoteIpBlocks: [String]
  /// Client addresses that do not match.
  package var notRemoteIpBlocks: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    principals: [String] = [],
    notPrincipals: [String] = [],
    requestPrincipals: [String] = [],
    notRequestPrincipals: [String] = [],
    namespaces: [String] = [],
    notNamespaces: [String] = [],
    serviceAccounts: [String] = [],
    notServiceAccounts: [String] = [],
    trustDomains: [String] = [],
    notTrustDomains: [String] = [],
    ipBlocks: [String] = [],
    notIpBlocks: [String] = [],
    remoteIpBlocks: [String] = [],
    notRemoteIpBlocks: [String] = []
  ) {
    self.principals = principals
    self.notPrincipals = notPrincipals
    self.requestPrincipals = requestPrincipals
    self.notRequestPrincipals = notRequestPrincipals
    self.namespaces = namespaces
    self.notNamespaces = notNamespaces
    self.serviceAccounts = serviceAccounts
    self.notServiceAccounts = notServiceAccounts
    self.trustDomains = trustDomains
    self.notTrustDomains = notTrustDomains
    self.ipBlocks = ipBlocks
    self.notIpBlocks = notIpBlocks
    self.remoteIpBlocks = remoteIpBlocks
    self.notRemoteIpBlocks = notRemoteIpBlocks
  }
}

extension AuthorizationSource: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "principals": principals = try reader.readStrings()
      case "notPrincipals": notPrincipals = try reader.readStrings()
      case "requestPrincipals": requestPrincipals = try reader.readStrings()
      case "notRequestPrincipals": notRequestPrincipals = try reader.readStrings()
      case "namespaces": namespaces = try reader.readStrings()
      case "notNamespaces": notNamespaces = try reader.readStrings()
      case "serviceAccounts": serviceAccounts = try reader.readStrings()
      case "notServiceAccounts": notServiceAccounts = try reader.readStrings()
      case "trustDomains": trustDomains = try reader.readStrings()
      case "notTrustDomains": notTrustDomains = try reader.readStrings()
      case "ipBlocks": ipBlocks = try reader.readStrings()
      case "notIpBlocks": notIpBlocks = try reader.readStrings()
      case "remoteIpBlocks": remoteIpBlocks = try reader.readStrings()
      case "notRemoteIpBlocks": notRemoteIpBlocks = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
