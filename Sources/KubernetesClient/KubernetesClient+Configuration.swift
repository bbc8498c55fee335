extension KubernetesClient {
  /// Whose certificates a client takes for the server's.
  package enum ServerTrust: Hashable, Sendable {
    /// Those of the roots that the system has.
    case system
    /// Those of these roots, in PEM.
    case roots([UInt8])
    /// Anybody's; for tests only.
    case none
  }

  /// Where the API is and who asks.
  package struct Configuration: Sendable {
    /// The address, such as `https://10.96.0.1:443`; a path is where the API begins.
    package var baseURL: String
    /// Whose certificates are taken; only used with `https`.
    package var trust = ServerTrust.system
    /// The name that the server's certificate must have; nil for the host of the address.
    package var serverName: String?
    /// What the client proves itself with.
    package var credentials: any CredentialSource = FixedCredential()
    /// The namespace of objects that name none; nil where the configuration names none.
    package var namespace: String?
    /// Keeps what was seen of the resources that are followed, for when the server is away.
    package var mirror: (any ObjectMirror)?
    /// How long a resource may be waited for before the mirror stands in for it.
    package var patience = Duration.seconds(10)

    /// How long an answer that is no watch may be silent before it is given up.
    package var longestSilence = Duration.seconds(60)
    /// The same of a watch, which the server ends after five minutes at most.
    package var longestWatchSilence = Duration.seconds(330)

    /// Whether lists are asked for as the beginning of a watch, where the server can do that.
    package var streamsLists = false

    /// A configuration for nobody in particular.
    package init(baseURL: String) {
      self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    }

    /// The server's name and its host, where they differ.
    var renamedHost: (name: String, host: String)? {
      guard let serverName, !serverName.isEmpty, let host, host != serverName else { return nil }
      return (serverName, host)
    }

    /// The address with the name that the certificate must have in the place of the host.
    var requestURL: String {
      guard let (name, _) = renamedHost, let range = hostRange else { return baseURL }
      return baseURL.replacingCharacters(range, with: name)
    }

    private var host: String? {
      hostRange.map { range in
        let text = baseURL[range]
        return text.hasPrefix("[") && text.hasSuffix("]")
          ? String(text.dropFirst().dropLast()) : String(text)
      }
    }

    private var hostRange: Range<String.Index>? {
      guard let scheme = baseURL.firstRange(of: "://") else { return nil }
      let rest = baseURL[scheme.upperBound...]
      let authority = rest.prefix { $0 != "/" }
      if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
        return authority.startIndex..<authority.index(after: end)
      }
      let end = authority.firstIndex(of: ":") ?? authority.endIndex
      return authority.startIndex..<end
    }
  }
}

extension String {
  fileprivate func replacingCharacters(_ range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
