internal import ArgumentParser
internal import KubernetesClient
internal import LoadGenerator

/// The size of the mesh that load is measured on.
struct WorkloadOptions: ParsableArguments {
  @Option(help: "Namespaces of the workload.")
  var namespaces = 20

  @Option(help: "Services of the workload, spread over the namespaces.")
  var services = 1000

  @Option(help: "Pods of each Service.")
  var pods = 5

  @Option(help: "Services with a DestinationRule and a VirtualService.")
  var routes = 200

  var workload: ReferenceWorkload {
    ReferenceWorkload(namespaces: namespaces, services: services, pods: pods, routes: routes)
  }

  func validate() throws {
    guard (1...10_000).contains(namespaces), (1...100_000).contains(services),
      (1...100).contains(pods), services * pods <= 4_000_000, routes >= 0
    else {
      throw ValidationError(
        "sizes must be: namespaces 1–10000, services 1–100000, pods 1–100, routes 0 or more")
    }
  }
}

/// `skein load workload`.
struct LoadWorkloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workload", abstract: "Create the mesh that load is measured on.",
    discussion: """
      Services with ports http 80 and tcp 9000, Pods of versions v1 and v2, an EndpointSlice each, and \
      for the first of them a DestinationRule and a VirtualService that splits 90 to 10. Any \
      Kubernetes API will do that has Istio's CRDs. Doing it twice changes nothing.
      """)

  @Option(
    name: [.long, .customLong("api-address")],
    help: ArgumentHelp("Where the API listens.", valueName: "host:port or URL"))
  var api: String?

  @OptionGroup var sizes: WorkloadOptions

  @Option(help: "Requests that are open at one time.")
  var concurrency = 32

  func run() async throws {
    let workload = sizes.workload
    let line = ProgressLine()
    let start = ContinuousClock.now
    let count = try await LoadConnection.withClient(api) { client in
      var count = 0
      try await WorkloadCreation(workload: workload, client: client, concurrency: concurrency)
        .run { done, all in
          count = all
          if done % 50 == 0 { line.show("\(done) of \(all) objects") }
        }
      return count
    }
    line.clear()
    let seconds = start.duration(to: .now) / .seconds(1)
    print("\(count) objects in \((seconds * 10).rounded() / 10) s")
  }
}

/// The API that a load command writes to.
enum LoadConnection {
  static func withClient<Result: Sendable>(
    _ address: String?, _ body: (KubernetesClient) async throws -> Result
  ) async throws -> Result {
    var options = try ConnectionOptions.parse([])
    options.apiAddress = address
    return try await options.withClient(body)
  }
}
