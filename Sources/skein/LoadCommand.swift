internal import ArgumentParser

/// `skein load`.
struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Size a control plane: simulate proxies and measure.",
    subcommands: [
      LoadProxiesCommand.self, LoadWorkloadCommand.self, LoadCertificatesCommand.self,
    ])
}
