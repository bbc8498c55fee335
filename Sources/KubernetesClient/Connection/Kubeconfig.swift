internal import KubernetesAPI
internal import OpenSSLCrypto
internal import StreamingJSON
internal import YAML

/// A kubeconfig: clusters, users and the contexts that join them
/// (<https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>).
package struct Kubeconfig: Sendable {
  /// Why a kubeconfig cannot be used; names the file, the entry and the remedy.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
  }

  /// An entry of a list, with the folder that relative paths in it start from.
  private struct Entry: Sendable {
    var value: JSONValue
    var folder: String
  }

  private var clusters: [String: Entry] = [:]
  private var users: [String: Entry] = [:]
  private var contexts: [String: Entry] = [:]
  private var currentContext = ""
  private let paths: String

  /// Reads the files of a list such as the variable `KUBECONFIG` has; of entries with one name the
  /// first is used, as kubectl does it.
  package init(paths: String) throws(Failure) {
    self.paths = paths
    var wasRead = false
    for path in paths.split(separator: ":").map(String.init) {
      let bytes: [UInt8]?
      do throws(CryptoError) {
        bytes = try PrivateFile.read(path)
      } catch {
        throw Failure("\(error)")
      }
      guard let bytes else { continue }
      wasRead = true
      try merge(bytes, path: path)
    }
    guard wasRead else {
      throw Failure("there is no file \(paths); give --kubeconfig an existing one")
    }
  }

  private mutating func merge(_ bytes: [UInt8], path: String) throws(Failure) {
    let documents: [YAMLDocument]
    do throws(YAMLError) {
      documents = try YAMLReader.documents(bytes, file: path)
    } catch {
      throw Failure("\(error)")
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    for document in documents {
      func add(_ list: String, _ member: String, to entries: inout [String: Entry]) {
        for item in document.value[list]?.arrayValue ?? [] {
          guard let name = item["name"]?.stringValue, let value = item[member] else { continue }
          if entries[name] == nil { entries[name] = Entry(value: value, folder: folder) }
        }
      }
      add("clusters", "cluster", to: &clusters)
      add("users", "user", to: &users)
      add("contexts", "context", to: &contexts)
      if currentContext.isEmpty {
        currentContext = document.value["current-context"]?.stringValue ?? ""
      }
    }
  }

  /// How to reach the cluster of a context, as its user; the current context when none is named.
  package func configuration(
    context name: String? = nil
  ) throws(Failure) -> KubernetesClient.Configuration {
    let name = name ?? currentContext
    guard !name.isEmpty else {
      throw Failure("\(paths) has no current-context; set one by kubectl config use-context")
    }
    guard let context = contexts[name] else { throw Failure("\(paths) has no context \(name)") }
    guard let cluster = clusters[context.value["cluster"]?.stringValue ?? ""] else {
      throw Failure("\(paths): the context \(name) names no cluster that there is")
    }
    let userName = context.value["user"]?.stringValue ?? ""
    guard let user = users[userName] ?? (userName.isEmpty ? Entry(value: [:], folder: ".") : nil)
    else {
      throw Failure("\(paths): the context \(name) names the user \(userName), who is missing")
    }
    guard let server = cluster.value["server"]?.stringValue, server.contains("://") else {
      throw Failure("\(paths): the cluster of the context \(name) has no server URL")
    }
    if let proxy = cluster.value["proxy-url"]?.stringValue, !proxy.isEmpty {
      throw Failure("\(paths): proxy-url is not supported; remove it and reach \(server) directly")
    }
    var configuration = KubernetesClient.Configuration(baseURL: server)
    configuration.streamsLists = true
    configuration.namespace = context.value["namespace"]?.stringValue
    configuration.trust = try trust(cluster)
    configuration.serverName = cluster.value["tls-server-name"]?.stringValue
    configuration.credentials = try credentials(of: user, named: userName, cluster)
    return configuration
  }

  private func trust(_ cluster: Entry) throws(Failure) -> KubernetesClient.ServerTrust {
    let roots = try material("certificate-authority", of: cluster)
    guard cluster.value["insecure-skip-tls-verify"]?.boolValue == true else {
      return roots.map { .roots($0) } ?? .system
    }
    guard roots == nil else {
      throw Failure(
        "\(paths): certificate-authority and insecure-skip-tls-verify exclude each other")
    }
    return .none
  }

  private func credentials(
    of user: Entry, named name: String, _ cluster: Entry
  ) throws(Failure) -> any CredentialSource {
    if user.value["auth-provider"] != nil {
      throw Failure(
        "\(paths): the user \(name) has an auth-provider, which Kubernetes has removed; use exec")
    }
    let chain = try material("client-certificate", of: user)
    let key = try material("client-key", of: user)
    var pair: Credential.KeyPair?
    switch (chain, key) {
    case (let chain?, let key?): pair = .init(chainPEM: chain, keyPEM: key)
    case (nil, nil): break
    default:
      throw Failure("\(paths): the user \(name) has one of client-certificate and client-key only")
    }
    if let path = user.value["tokenFile"]?.stringValue, !path.isEmpty {
      return TokenFile(path: absolute(path, user.folder), keyPair: pair)
    }
    if let token = user.value["token"]?.stringValue, !token.isEmpty {
      return FixedCredential(.bearer(token, keyPair: pair))
    }
    if let password = user.value["password"]?.stringValue {
      let text = "\(user.value["username"]?.stringValue ?? ""):\(password)"
      return FixedCredential(
        Credential(authorization: "Basic \(Base64.encode(Array(text.utf8)))", keyPair: pair))
    }
    if let exec = user.value["exec"] { return ExecPlugin(try command(exec, user, cluster)) }
    return FixedCredential(Credential(keyPair: pair))
  }

  private func command(
    _ exec: JSONValue, _ user: Entry, _ cluster: Entry
  ) throws(Failure) -> ExecPlugin.Command {
    let version = exec["apiVersion"]?.stringValue ?? ""
    guard
      ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version)
    else { throw Failure("\(paths): exec has the apiVersion \(version), which is not known") }
    guard let program = exec["command"]?.stringValue, !program.isEmpty else {
      throw Failure("\(paths): exec has no command")
    }
    // A path with a slash starts at the file that names it, as with kubectl; a bare name is searched for.
    var command = ExecPlugin.Command(
      apiVersion: version,
      command: program.contains("/") ? absolute(program, user.folder) : program)
    command.arguments = exec["args"]?.arrayValue?.compactMap(\.stringValue) ?? []
    for variable in exec["env"]?.arrayValue ?? [] {
      if let name = variable["name"]?.stringValue {
        command.environment[name] = variable["value"]?.stringValue ?? ""
      }
    }
    if exec["provideClusterInfo"]?.boolValue == true {
      command.cluster = ["server": cluster.value["server"] ?? ""]
      if let roots = try material("certificate-authority", of: cluster) {
        command.cluster?["certificate-authority-data"] = .string(Base64.encode(roots))
      }
    }
    command.installHint = exec["installHint"]?.stringValue ?? ""
    return command
  }

  /// `name-data` in Base64, or the file that `name` names; nil when neither is given.
  private func material(_ name: String, of entry: Entry) throws(Failure) -> [UInt8]? {
    if let text = entry.value["\(name)-data"]?.stringValue, !text.isEmpty {
      guard let bytes = Base64.decode(text) else {
        throw Failure("\(paths): \(name)-data is not Base64")
      }
      return bytes
    }
    guard let path = entry.value[name]?.stringValue, !path.isEmpty else { return nil }
    do throws(CryptoError) {
      if let bytes = try PrivateFile.read(absolute(path, entry.folder)) { return bytes }
    } catch {
      throw Failure("\(paths): \(error)")
    }
    throw Failure("\(paths): \(name) names \(path), which does not exist")
  }

  private func absolute(_ path: String, _ folder: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path)"
  }
}
