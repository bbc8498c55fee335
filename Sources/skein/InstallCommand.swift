internal import ArgumentParser
internal import Installation
internal import KubernetesClient

/// `skein install`.
struct InstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Bring the control plane into a Kubernetes cluster.",
    discussion: """
      Applies the custom resource definitions and everything the control plane needs, on the server, \
      and waits until it works. Doing it again changes nothing. Values that --set takes:

      \(InstallationValues.entries.map { "  \($0.name): \($0.about)" }.joined(separator: "\n"))
      """)

  @OptionGroup var connection: ConnectionOptions

  @Option(help: "minimal, default or demo.")
  var profile = InstallationValues.Profile.default

  @Option(name: .customLong("set"), help: ArgumentHelp("A value.", valueName: "name=value"))
  var assignments: [String] = []

  @Option(help: ArgumentHelp("How long to wait until all works.", valueName: "seconds"))
  var timeout = 300

  @Flag(help: "Only print what would be applied; with \"crds\" the definitions alone.")
  var print = false

  @Flag(help: "Only rehearse; nothing is stored.")
  var dryRun = false

  @Flag(
    help:
      "Take everything away but the definitions, the objects of Istio's kinds and the namespace.")
  var uninstall = false

  @Flag(
    help: "With --uninstall: delete the definitions, and with them all objects of Istio's kinds.")
  var purge = false

  @Argument(help: ArgumentHelp("What to print: crds or all.", visibility: .hidden))
  var part: String?

  func validate() throws {
    if let part, !print || !["all", "crds"].contains(part) {
      throw ValidationError(
        "\"\(part)\" is not understood; --print takes crds or all, --help lists the options")
    }
    if [print, dryRun, uninstall].filter({ $0 }).count > 1 {
      throw ValidationError("--print, --dry-run and --uninstall exclude each other")
    }
    if purge, !uninstall { throw ValidationError("--purge goes with --uninstall") }
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout takes 1 to 86400 seconds")
    }
  }

  func run() async throws {
    var values = InstallationValues(profile: profile)
    do throws(InstallationError) {
      for assignment in assignments { try values.set(assignment) }
    } catch {
      throw ValidationError(error.description)
    }
    let installation = Installation(values: values)
    if print {
      var objects = Installation.definitions
      if part != "crds" { objects += installation.objects }
      Swift.print(ManifestText.yaml(objects.map(\.value)), terminator: "")
      return
    }
    try await connection.withClient { client in
      let installer = Installer(client: client) { Swift.print(Self.line($0)) }
      do {
        if uninstall {
          try await installer.uninstall(installation, isPurge: purge)
        } else {
          try await installer.install(
            installation, isDryRun: dryRun, timeout: .seconds(timeout))
        }
      } catch let error as InstallationError {
        throw CleanFailure("\(error)", code: ExitCode(75))
      }
    }
  }

  private static func line(_ progress: Installer.Progress) -> String {
    switch progress {
    case .applied(let name, let isCreated, let isRehearsal):
      "\(name) \(isCreated ? "created" : "applied")\(isRehearsal ? " (dry run)" : "")"
    case .deleted(let name): "\(name) deleted"
    case .kept(let name): "\(name) kept: it is of another installation"
    case .waiting(let name): "waiting for \(name)"
    case .ready(let name): "\(name) is ready"
    case .notRun: "nothing runs Deployments at this API: not waiting for them"
    }
  }
}

extension InstallationValues.Profile: ExpressibleByArgument {}
