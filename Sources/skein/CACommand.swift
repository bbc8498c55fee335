internal import ArgumentParser
internal import CertificateAuthority
internal import OpenSSLCrypto
internal import WorkloadAuthentication

/// `skein ca`.
struct CACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "Look after the certificate authority of a machine's mesh.",
    subcommands: [RootCommand.self, TokenCommand.self])

  /// Where the certificate authority keeps its files below a data directory.
  static func directory(in dataDirectory: String) -> String { "\(dataDirectory)/ca" }

  /// `skein ca root`.
  struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "root",
      abstract: "Print the root certificate, and make the authority when there is none.")

    @OptionGroup var data: DataDirectoryOptions

    @Option(help: "The trust domain of a new authority.")
    var trustDomain = "cluster.local"

    @Option(help: "The kind of key of a new authority: ecdsa-p256 or rsa-2048.")
    var keyType = KeyType.ecdsaP256.rawValue

    func validate() throws {
      guard KeyType(rawValue: keyType) != nil else {
        throw ValidationError("--key-type must be ecdsa-p256 or rsa-2048")
      }
    }

    func run() async throws {
      let directory = CACommand.directory(in: data.dataDir)
      try PrivateFile.makeDirectory(directory)
      let material = try AuthorityFiles(directory: directory).loadOrCreate(
        trustDomain: trustDomain, keyType: KeyType(rawValue: keyType) ?? .ecdsaP256)
      print(material.roots.map(\.pem).joined(), terminator: "")
    }
  }

  /// `skein ca token`.
  struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "token", abstract: "Make, list and revoke the tokens with which workloads join.",
      subcommands: [CreateCommand.self, ListCommand.self, RevokeCommand.self])

    /// `skein ca token create`.
    struct CreateCommand: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Print a new token for a service account.")

      @OptionGroup var data: DataDirectoryOptions

      @Option(
        help: ArgumentHelp("Whom the token is for.", valueName: "namespace/service-account"))
      var serviceAccount: String

      @Option(help: ArgumentHelp("How long it works, as 30m, 1h or 7d.", valueName: "duration"))
      var ttl = "1h"

      func validate() throws {
        guard holder != nil else {
          throw ValidationError("--service-account must be namespace/service-account")
        }
        guard TokenLifetime(ttl) != nil else {
          throw ValidationError("--ttl \(ttl) is not a duration of at most a year")
        }
      }

      func run() async throws {
        guard let holder, let lifetime = TokenLifetime(ttl) else { return }
        let token = try await data.openTokens().create(for: holder, lifetime: lifetime.seconds)
        print(token)
      }

      private var holder: TokenHolder? {
        let parts = serviceAccount.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2,
          SPIFFEIdentity(
            trustDomain: "x", namespace: String(parts[0]), serviceAccount: String(parts[1])) != nil
        else { return nil }
        return TokenHolder(namespace: String(parts[0]), serviceAccount: String(parts[1]))
      }
    }

    /// `skein ca token list`.
    struct ListCommand: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens by their ids.")

      @OptionGroup var data: DataDirectoryOptions

      func run() async throws {
        let now = CertificateAuthority.systemClock()
        print("ID            EXPIRES IN  SERVICE ACCOUNT")
        for entry in try await data.openTokens().list() {
          let left = entry.expiresAt - now
          let state = left > 0 ? "\(left)s" : "expired"
          let padding = String(repeating: " ", count: max(1, 12 - state.count))
          print(
            "\(entry.id)  \(state)\(padding)\(entry.holder.namespace)/\(entry.holder.serviceAccount)"
          )
        }
      }
    }

    /// `skein ca token revoke`.
    struct RevokeCommand: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make a token stop working, within a second.")

      @OptionGroup var data: DataDirectoryOptions

      @Argument(help: "The id of the token.")
      var id: String

      func run() async throws {
        guard try await data.openTokens().revoke(id: id) else {
          throw ValidationError("there is no token \(id)")
        }
      }
    }
  }
}

/// The data directory of commands that work on its files.
struct DataDirectoryOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The data directory of the daemon.", valueName: "directory"))
  var dataDir: String

  /// Opens the join tokens, which are made when they do not exist.
  func openTokens() throws -> JoinTokens {
    try PrivateFile.makeDirectory(dataDir)
    return try JoinTokens(
      path: "\(dataDir)/\(JoinTokens.fileName)", clock: CertificateAuthority.systemClock)
  }
}

/// A lifetime as text: a number and `s`, `m`, `h` or `d`, at most a year.
struct TokenLifetime {
  /// The lifetime.
  let seconds: Int64

  /// Reads a lifetime; nil for anything else.
  init?(_ text: String) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (1...31_536_000).contains(count), count * unit <= 31_536_000
    else { return nil }
    seconds = count * unit
  }
}
