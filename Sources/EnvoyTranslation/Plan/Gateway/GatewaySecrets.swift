internal import MeshModel

/// Finds the secrets that a gateway's configuration names (contract §4.5), and says which parts have
/// to be left out for want of theirs.
///
/// Envoy holds a listener or cluster back until all its secrets have come, so one that never comes
/// would hold up everything beside it.
struct GatewaySecrets {
  /// The namespace that the proxy proved to be of; nil on a plaintext stream, which gets no secrets.
  var namespace: String?
  private(set) var inputs: [SecretInput] = []
  private(set) var notices: [TranslationNotice] = []

  init(namespace: String?) {
    self.namespace = namespace
  }

  private enum Lookup {
    case found(SecretInput)
    /// Delivered by others, or held by the proxies that had it in time.
    case elsewhere
    case missing(String)
  }

  /// Adds the secrets of these names; false, with a notice about `subject`, where one is missing.
  mutating func admit(
    _ names: [String], for subject: String, _ reader: inout SnapshotReader
  ) -> Bool {
    var found: [SecretInput] = []
    for name in names {
      switch find(name, &reader) {
      case .found(let input): found.append(input)
      case .elsewhere: continue
      case .missing(let reason):
        notices.append(TranslationNotice(object: subject, message: reason))
        return false
      }
    }
    inputs += found
    return true
  }

  private func find(_ discovered: String, _ reader: inout SnapshotReader) -> Lookup {
    let scheme = "kubernetes://"
    guard discovered.hasPrefix(scheme) else { return .elsewhere }
    let path = discovered.dropFirst(scheme.count).split(separator: "/", maxSplits: 1)
    guard let name = path.last.map(String.init), let namespace else {
      return .missing(
        "needs the secret \(discovered), which only a gateway that connects with mutual TLS is given"
      )
    }
    if path.count == 2, path[0] != namespace {
      return .missing(
        "needs the secret \(discovered); gateways of \(namespace) may have secrets of their own "
          + "namespace only: copy it there")
    }
    let suffix = "-cacert"
    let candidates = name.hasSuffix(suffix) ? [name, String(name.dropLast(suffix.count))] : [name]
    var isIncomplete = false
    for candidate in candidates {
      let key = ConfigKey(.secret, namespace: namespace, name: candidate)
      switch reader.secret(key) {
      case nil: continue
      case .withdrawn?: return .elsewhere
      case .held(let contents)?:
        guard let content = content(contents, isRoots: candidates.count == 2) else {
          isIncomplete = true
          continue
        }
        return .found(
          SecretInput(
            name: discovered, namespace: namespace, content: content, sources: [key.description]))
      }
    }
    let want = candidates.count == 2 ? "ca.crt" : "tls.crt and tls.key"
    let wanted = "Secret/\(namespace)/\(candidates.last ?? name)"
    return .missing(
      isIncomplete
        ? "needs \(want) of \(wanted), which has none"
        : "needs \(wanted) with \(want), which does not exist")
  }

  private func content(_ contents: TLSSecret.Contents, isRoots: Bool) -> SecretInput.Content? {
    if isRoots { return contents.roots.isEmpty ? nil : .roots(contents.roots) }
    return contents.keyPair.map { .keyPair(chain: $0.chain, privateKey: $0.privateKey) }
  }
}
