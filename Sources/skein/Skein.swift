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
      AnalyzeCommand.self, TranslateCommand.self, CACommand.self, EchoCommand.self,
      StatusCommand.self, ConfigCommand.self,
      VersionCommand.self,
    ])
}

/// `skein version`.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.")

  func run() {
    print("skein \(Skein.configuration.version)")
  }
}
