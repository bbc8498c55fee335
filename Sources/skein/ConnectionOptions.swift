internal import ArgumentParser
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import StreamingJSON

/// Where the API is that a command talks to.
struct ConnectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where the API listens.", valueName: "host:port or URL"))
  var apiAddress: String?

  @Option(help: ArgumentHelp("A kubeconfig, instead of an address.", valueName: "file"))
  var kubeconfig: String?

  @Option(help: ArgumentHelp("The context of the kubeconfig to use.", valueName: "name"))
  var context: String?

  @Option(name: [.customShort("n"), .long], help: "The namespace of objects that name none.")
  var namespace = "default"

  /// Runs `body` with a client, and tells failures in one line with the exit code they deserve.
  func withClient<Result: Sendable>(
    _ body: (KubernetesClient) async throws -> Result
  ) async throws -> Result {
    let configuration = try configuration()
    let url = configuration.baseURL
    var logger = Logger(label: "skein")
    logger.logLevel = .error
    let client = KubernetesClient(configuration: configuration, logger: logger)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch let error as KubernetesClientError {
      await client.shutdown()
      StandardError.write("error: \(Self.text(of: error, url: url))")
      throw ExitCode(Self.exitCode(of: error))
    } catch {
      await client.shutdown()
      throw error
    }
  }

  private func configuration() throws -> KubernetesClient.Configuration {
    let environment = Environment()
    if apiAddress == nil, let paths = kubeconfig ?? environment["SKEIN_KUBECONFIG"] {
      do throws(Kubeconfig.Failure) {
        return try Kubeconfig(paths: paths).configuration(context: context)
      } catch {
        throw CleanFailure("\(error)", code: ExitCode(78))
      }
    }
    let address = apiAddress ?? environment["SKEIN_API_ADDRESS"] ?? "127.0.0.1:8001"
    return .init(baseURL: address.contains("://") ? address : "http://\(address)")
  }

  private static func text(of error: KubernetesClientError, url: String) -> String {
    if case .unreachable(let reason) = error {
      return "no API answers at \(url) (\(reason)); give --api-address its address"
    }
    return error.description
  }

  /// The code of `sysexits.h` for a failure.
  static func exitCode(of error: KubernetesClientError) -> Int32 {
    switch error {
    case .unreachable: 69
    case .malformedAnswer: 76
    case .overloaded: 75
    case .refused(let code, _, _):
      switch code {
      case 404: 66
      case 400, 413, 415, 422: 65
      case 401, 403: 77
      case 409: 75
      default: 70
      }
    }
  }
}

/// A resource by the name a user types.
struct ResourceName: ExpressibleByArgument {
  let resource: KubernetesResource

  init?(argument: String) {
    guard let resource = KubernetesResource.named(argument) else { return nil }
    self.resource = resource
  }

  static var allValueStrings: [String] { KubernetesResource.all.map(\.plural) }
}
