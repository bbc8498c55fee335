internal import Foundation
internal import KubernetesAPI
internal import StreamingJSON
import Testing

@testable internal import KubernetesClient

@Suite struct KubeconfigTests {
  private func withFiles<Result>(
    _ files: [String: String], _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = NSTemporaryDirectory() + "skein-kubeconfig-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in files {
      let path = "\(folder)/\(name)"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    }
    return try await body(folder)
  }

  private func text(user: String = "{}", cluster: String = "{server: \"https://h:6443\"}") -> String
  {
    """
    apiVersion: v1
    kind: Config
    current-context: one
    clusters:
    - name: c
      cluster: \(cluster)
    users:
    - name: u
      user: \(user)
    contexts:
    - name: one
      context: {cluster: c, user: u, namespace: shop}
    - name: nobody
      context: {cluster: c, user: missing}
    """
  }

  @Test func `a context gives server, trust, namespace and token`() async throws {
    let roots = Base64.encode(Array("roots".utf8))
    let config = text(
      user: "{token: secret}",
      cluster:
        "{server: \"https://h:6443/\", certificate-authority-data: \(roots), tls-server-name: api}")
    try await withFiles(["config": config]) { folder in
      let found = try Kubeconfig(paths: "\(folder)/config").configuration()
      #expect(found.baseURL == "https://h:6443")
      #expect(found.requestURL == "https://api:6443")
      #expect(found.renamedHost?.host == "h")
      #expect(found.trust == .roots(Array("roots".utf8)))
      #expect(found.namespace == "shop")
      #expect(try await found.credentials.credential() == .bearer("secret"))
    }
  }

  @Test func `files start at the file that names them, and a token file is read again`()
    async throws
  {
    let config = text(
      user: "{tokenFile: token, client-certificate: c.pem, client-key: k.pem}",
      cluster: "{server: \"https://h\", certificate-authority: ca.pem}")
    try await withFiles(
      ["config": config, "token": "one\n", "c.pem": "C", "k.pem": "K", "ca.pem": "A"]
    ) { folder in
      let found = try Kubeconfig(paths: "\(folder)/config").configuration()
      #expect(found.trust == .roots(Array("A".utf8)))
      let pair = Credential.KeyPair(chainPEM: Array("C".utf8), keyPEM: Array("K".utf8))
      let first = try await found.credentials.credential()
      #expect(first == .bearer("one", keyPair: pair))
      try "two\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
      // A remembered token is used until the server refuses it, or for ten seconds.
      found.credentials.refused(first)
      #expect(try await found.credentials.credential() == .bearer("two", keyPair: pair))
    }
  }

  @Test func `of several files the first entry of a name counts`() async throws {
    let other = text(user: "{token: other}")
    try await withFiles(["a": text(user: "{token: first}"), "b": other]) { folder in
      let found = try Kubeconfig(paths: "\(folder)/a:\(folder)/b:\(folder)/none").configuration()
      #expect(try await found.credentials.credential() == .bearer("first"))
    }
  }

  @Test(arguments: [
    (#"{server: "https://h", proxy-url: "http://p"}"#, "{}", "proxy-url is not supported"),
    (
      #"{server: "https://h", insecure-skip-tls-verify: true, certificate-authority-data: QQ==}"#,
      "{}", "exclude each other"
    ),
    (#"{server: "https://h", certificate-authority: none.pem}"#, "{}", "which does not exist"),
    (#"{}"#, "{}", "has no server URL"),
    (#"{server: "https://h"}"#, "{client-certificate-data: QQ==}", "one of client-certificate"),
    (#"{server: "https://h"}"#, "{auth-provider: {name: gcp}}", "auth-provider"),
    (#"{server: "https://h"}"#, "{exec: {apiVersion: v0, command: x}}", "is not known"),
  ])
  func `what cannot be used is told`(cluster: String, user: String, message: String) async throws {
    try await withFiles(["config": text(user: user, cluster: cluster)]) { folder in
      let failure = #expect(throws: Kubeconfig.Failure.self) {
        try Kubeconfig(paths: "\(folder)/config").configuration()
      }
      #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
      #expect(failure?.description.contains("\(folder)/config") == true)
    }
  }

  @Test func `missing files, contexts and users are told`() async throws {
    #expect(throws: Kubeconfig.Failure.self) { try Kubeconfig(paths: "/does/not/exist") }
    try await withFiles(["config": text(), "bad": "a: [", "empty": "{}"]) { folder in
      let config = try Kubeconfig(paths: "\(folder)/config")
      #expect(throws: Kubeconfig.Failure.self) { try config.configuration(context: "two") }
      #expect(throws: Kubeconfig.Failure.self) { try config.configuration(context: "nobody") }
      #expect(throws: Kubeconfig.Failure.self) { try Kubeconfig(paths: "\(folder)/bad") }
      #expect(throws: Kubeconfig.Failure.self) {
        try Kubeconfig(paths: "\(folder)/empty").configuration()
      }
    }
  }

  @Test func `an exec plugin is run, remembered until it expires, and told the cluster`()
    async throws
  {
    let script = """
      #!/bin/sh
      echo run >> "$COUNTER"
      printf '%s' "$KUBERNETES_EXEC_INFO" > "$COUNTER.info"
      cat <<END
      {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
       "status": {"token": "t-$1", "expirationTimestamp": "$2"}}
      END
      """
    try await withFiles(["plugin": script]) { folder in
      func plugin(_ expiry: String) -> ExecPlugin {
        var command = ExecPlugin.Command(
          apiVersion: "client.authentication.k8s.io/v1", command: "\(folder)/plugin")
        command.arguments = ["x", expiry]
        command.environment = ["COUNTER": "\(folder)/counter"]
        command.cluster = ["server": "https://h"]
        return ExecPlugin(command)
      }
      func runs() throws -> Int {
        try String(contentsOfFile: "\(folder)/counter", encoding: .utf8).split(separator: "\n")
          .count
      }
      let lasting = plugin("2999-01-01T00:00:00Z")
      for _ in 0..<3 { #expect(try await lasting.credential() == .bearer("t-x")) }
      #expect(try runs() == 1)
      lasting.refused(.bearer("t-x"))
      _ = try await lasting.credential()
      #expect(try runs() == 2)
      let expired = plugin("2001-01-01T00:00:00Z")
      for _ in 0..<2 { _ = try await expired.credential() }
      #expect(try runs() == 4)
      let told = try JSONValue(
        parsing: String(contentsOfFile: "\(folder)/counter.info", encoding: .utf8))
      #expect(told[path: ["spec", "cluster", "server"]] == "https://h")
    }
  }

  @Test(arguments: [
    ("exit 3", "ends with 3"), ("echo no", "answers no JSON"), ("echo '{}'", "no ExecCredential"),
    (
      "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\"}'",
      "neither token nor certificate"
    ),
  ])
  func `an exec plugin that fails is told`(script: String, message: String) async throws {
    try await withFiles(["plugin": "#!/bin/sh\n\(script)\n"]) { folder in
      let plugin = ExecPlugin(
        .init(apiVersion: "client.authentication.k8s.io/v1", command: "\(folder)/plugin"))
      let failure = await #expect(throws: KubernetesClientError.self) {
        try await plugin.credential()
      }
      #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }
  }

  @Test func `a mount of a service account is a configuration`() async throws {
    try await withFiles(["token": "t\n", "ca.crt": "A", "namespace": "istio-system"]) { folder in
      let mount = ServiceAccountMount(path: folder)
      #expect(mount.configuration(host: nil, port: nil)?.baseURL == nil)
      let found = try #require(mount.configuration(host: "fd00::1", port: "443"))
      #expect(found.baseURL == "https://[fd00::1]:443")
      #expect(found.namespace == "istio-system")
      #expect(try await found.credentials.credential() == .bearer("t"))
    }
    #expect(!ServiceAccountMount(path: "/does/not/exist").exists)
  }
}
