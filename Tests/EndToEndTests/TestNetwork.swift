import Foundation
import MeshTesting

/// Hosts that share a network: a network namespace for each, and one for the bridge between them.
///
/// Nothing of it is in the machine's own namespace, and no packet leaves it. The bridge has an
/// address too, where a control plane can be; names carry the process id of the test.
final class TestNetwork: Sendable {
  /// The user and group that a proxy runs as, as in Istio's image.
  static let proxyUser = 1337
  /// The user that an application runs as.
  static let applicationUser = 1000
  /// The namespace of the bridge, the bridge, which sees what goes between hosts, and its address.
  static let hub = "hub"
  static let bridge = "bridge"
  static let hubAddress = "10.44.0.1"

  private static let prefix = "skein-test-"
  private let hosts: [String]

  /// A network of `hosts`, each of which can reach each other.
  init(hosts: [String]) throws {
    self.hosts = hosts
    Self.removeAbandoned()
    do {
      try add()
    } catch {
      remove()
      throw error
    }
  }

  /// Why there can be no captured workloads on this machine; nil where there can.
  static let obstacle: String? = {
    let reason = findObstacle()
    if let reason { print("SKIPPED: interception between network namespaces: \(reason)") }
    return reason
  }()

  /// The address of a host.
  func address(of host: String) -> String {
    hosts.firstIndex(of: host).map { "10.44.0.\(11 + $0)" } ?? Self.hubAddress
  }

  /// The command line that runs a program on a host, as a user.
  func command(on host: String, user: Int = 0, _ arguments: [String]) -> [String] {
    [
      "/usr/bin/nsenter", "--net=/run/netns/\(name(host))", "--", "/usr/bin/setpriv", "--reuid",
      String(user), "--regid", String(user), "--clear-groups", "--pdeathsig", "KILL", "--",
    ] + arguments
  }

  /// Runs a program on a host to its end, which comes within ten seconds.
  func run(on host: String, user: Int = 0, _ arguments: [String]) -> ChildProgram.Result {
    ChildProgram.run(
      "/usr/bin/timeout", ["-k", "1", "10"] + command(on: host, user: user, arguments))
  }

  /// Sends a host's TCP traffic through the proxy on it, with the rules that istio-init installs.
  func redirect(_ host: String) throws {
    let rules = ChildProgram.temporaryPath("rules")
    ChildProgram.write(RedirectRules.text, to: rules)
    defer { unlink(rules) }
    let result = run(on: host, ["/usr/sbin/iptables-restore", "--noflush", rules])
    guard result.status == 0 else { throw MeshFailure("iptables-restore: \(result.output)") }
  }

  /// Removes all of it; what still runs on a host keeps the host, without a name, until it ends.
  func remove() {
    for host in hosts + [Self.hub] { _ = Self.ip(["netns", "delete", name(host)]) }
  }

  private func name(_ host: String) -> String { "\(Self.prefix)\(getpid())-\(host)" }

  private func add() throws {
    let (hub, bridge) = (name(Self.hub), Self.bridge)
    try Self.require(["netns", "add", hub])
    try Self.require(["-n", hub, "link", "set", "lo", "up"])
    try Self.require(["-n", hub, "link", "add", bridge, "type", "bridge"])
    try Self.require(["-n", hub, "address", "add", "\(Self.hubAddress)/16", "dev", bridge])
    try Self.require(["-n", hub, "link", "set", bridge, "up"])
    for host in hosts {
      let (space, port) = (name(host), "to-\(host)")
      try Self.require(["netns", "add", space])
      try Self.require(["-n", space, "link", "set", "lo", "up"])
      try Self.require(
        ["link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", port, "netns", hub])
      try Self.require(["-n", hub, "link", "set", port, "master", bridge, "up"])
      try Self.require(["-n", space, "address", "add", "\(address(of: host))/16", "dev", "eth0"])
      try Self.require(["-n", space, "link", "set", "eth0", "up"])
      // The address of a service needs a route before it can be redirected.
      try Self.require(["-n", space, "route", "add", "default", "via", Self.hubAddress])
    }
  }

  private static func ip(_ arguments: [String]) -> ChildProgram.Result {
    ChildProgram.run("/usr/bin/timeout", ["10", "/usr/sbin/ip"] + arguments)
  }

  private static func require(_ arguments: [String]) throws {
    let result = ip(arguments)
    guard result.status == 0 else {
      throw MeshFailure("ip \(arguments.joined(separator: " ")): \(result.output)")
    }
  }

  /// Removes the networks of tests that were killed.
  private static func removeAbandoned() {
    for name in ChildProgram.names(in: "/run/netns") where name.hasPrefix(prefix) {
      guard let id = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ Int($0) }),
        !FileManager.default.fileExists(atPath: "/proc/\(id)")
      else { continue }
      _ = ip(["netns", "delete", name])
    }
  }

  private static func findObstacle() -> String? {
    guard geteuid() == 0 else { return "only root can have them" }
    let tools = [
      "/usr/sbin/ip", "/usr/sbin/iptables-restore", "/usr/bin/tcpdump", "/usr/bin/curl",
      "/usr/bin/nsenter", "/usr/bin/setpriv",
    ]
    if let tool = tools.first(where: { access($0, X_OK) != 0 }) { return "there is no \(tool)" }
    do {
      let network = try TestNetwork(hosts: ["probe"])
      defer { network.remove() }
      try network.redirect("probe")
      for program in [RunningMesh.skein, EnvoyBinary.path ?? ""] {
        let result = network.run(on: "probe", user: proxyUser, [program, "--version"])
        guard result.status == 0 else {
          return "user \(proxyUser) cannot run \(program): \(result.output)"
        }
      }
      return nil
    } catch {
      return "\(error)".trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
