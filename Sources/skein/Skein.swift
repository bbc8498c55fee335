internal import ArgumentParser

/// The command line of Skein.
@main
struct Skein: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skein",
    abstract: "A service mesh control plane for Envoy that speaks Istio's APIs.",
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, ProxyCommand.self, ApplyCommand.self, GetCommand.self, DeleteCommand.self,
      AnalyzeCommand.self, InjectCommand.self, TranslateCommand.self, CACommand.self,
      EchoCommand.self,
      StatusCommand.self, ConfigCommand.self, InstallCommand.self, LoadCommand.self,
      VersionCommand.self,
    ])

  /// Runs the command; failures that are told in one line end with their own code of `sysexits.h`.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as CleanFailure {
      StandardError.write("skein: \(failure)")
      exit(withError: failure.code)
    } catch {
      exit(withError: error)
    }
  }
}

/// `skein version`.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.")

  func run() {
    print("skein \(Skein.configuration.version)")
  }
}
