internal import KubernetesAPI
package import KubernetesClient
internal import StreamingJSON

/// Brings an installation into a cluster, waits for it, and takes it away again.
///
/// Everything is applied on the server under one manager, so doing it again changes nothing.
package struct Installer: Sendable {
  /// Something that happened, for the user.
  package enum Progress: Hashable, Sendable {
    /// An object was made or changed; `isRehearsal` when nothing was stored.
    case applied(String, isCreated: Bool, isRehearsal: Bool)
    /// An object is gone.
    case deleted(String)
    /// An object stays, for it is of another installation.
    case kept(String)
    /// What is waited for now.
    case waiting(String)
    /// What is there now.
    case ready(String)
    /// Nothing runs the Deployments of this API, so nothing is waited for.
    case notRun
  }

  private let client: KubernetesClient
  private let grace: Duration
  private let report: @Sendable (Progress) -> Void

  /// An installer that tells what happens.
  ///
  /// `grace` is how long a controller has to take notice of a Deployment.
  package init(
    client: KubernetesClient, grace: Duration = .seconds(5),
    report: @escaping @Sendable (Progress) -> Void
  ) {
    self.client = client
    self.grace = grace
    self.report = report
  }

  // MARK: Installing

  /// Applies the definitions and the objects, then waits until they work.
  package func install(
    _ installation: Installation, isDryRun: Bool = false, timeout: Duration
  ) async throws {
    let deadline = ContinuousClock.now + timeout
    for definition in Installation.definitions {
      try await apply(definition, isDryRun: isDryRun)
    }
    if !isDryRun {
      for definition in Installation.definitions {
        try await wait(for: definition, until: deadline, Self.isEstablished)
      }
    }
    for object in installation.objects {
      do throws(KubernetesClientError) {
        try await apply(object, isDryRun: isDryRun)
      } catch {
        guard isDryRun, error.isNotFound else { throw error }
        // The namespace was rehearsed only, so its objects have no place yet.
        report(.applied(Self.name(object), isCreated: true, isRehearsal: true))
      }
    }
    guard !isDryRun else { return }
    try await waitForDeployments(installation, until: deadline)
  }

  private func apply(
    _ object: Installation.Object, isDryRun: Bool
  ) async throws(KubernetesClientError) {
    let value = try await completed(object)
    let answer = try await client.apply(
      value, as: object.resource, key: object.key, isDryRun: isDryRun)
    report(.applied(Self.name(object), isCreated: answer.isCreated, isRehearsal: isDryRun))
  }

  private func completed(
    _ object: Installation.Object
  ) async throws(KubernetesClientError) -> JSONValue {
    guard RegisteredWebhooks.resources.contains(object.resource) else { return object.value }
    do throws(KubernetesClientError) {
      let stored = try await client.get(object.resource, object.key)
      return RegisteredWebhooks.keeping(stored, in: object.value)
    } catch {
      guard error.isNotFound else { throw error }
      return object.value
    }
  }

  private func waitForDeployments(
    _ installation: Installation, until deadline: ContinuousClock.Instant
  ) async throws {
    let noticed = ContinuousClock.now + grace
    for object in installation.objects where object.resource == .deployments {
      // A Deployment nobody acts on has no status; a controller writes one at once.
      while try await client.get(.deployments, object.key)["status"] == nil {
        guard ContinuousClock.now < min(noticed, deadline) else {
          report(.notRun)
          return
        }
        try await Task.sleep(for: .milliseconds(250))
      }
      try await wait(for: object, until: deadline, Self.isAvailable)
    }
  }

  private func wait(
    for object: Installation.Object, until deadline: ContinuousClock.Instant,
    _ isReady: (JSONValue) -> Bool
  ) async throws {
    var isTold = false
    while true {
      if isReady(try await client.get(object.resource, object.key)) {
        if isTold { report(.ready(Self.name(object))) }
        return
      }
      if !isTold { report(.waiting(Self.name(object))) }
      isTold = true
      guard ContinuousClock.now < deadline else {
        throw InstallationError.notReady(Self.name(object))
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  static func isEstablished(_ definition: JSONValue) -> Bool {
    definition[path: ["status", "conditions"]]?.arrayValue?.contains {
      $0["type"] == "Established" && $0["status"] == "True"
    } == true
  }

  static func isAvailable(_ deployment: JSONValue) -> Bool {
    let status = deployment["status"]
    let wanted = deployment[path: ["spec", "replicas"]]?.integerValue ?? 1
    let seen = status?["observedGeneration"]?.integerValue ?? 0
    return seen >= deployment[path: ["metadata", "generation"]]?.integerValue ?? 0
      && status?["updatedReplicas"]?.integerValue ?? 0 >= wanted
      && status?["availableReplicas"]?.integerValue ?? 0 >= wanted
  }

  // MARK: Uninstalling

  /// Deletes the objects; with `isPurge` the definitions too, and with them every object of Istio's kinds.
  ///
  /// The namespace stays: it may hold what others have put there. So do objects of the same names that are of
  /// another revision or were not made by an installation of this kind.
  package func uninstall(_ installation: Installation, isPurge: Bool) async throws {
    var objects = installation.objects.filter { $0.resource != .namespaces }
    if isPurge { objects = Installation.definitions + objects }
    for object in objects.reversed() {
      do throws(KubernetesClientError) {
        guard Self.isOwn(try await client.get(object.resource, object.key), object.value) else {
          report(.kept(Self.name(object)))
          continue
        }
        try await client.delete(object.resource, object.key)
        report(.deleted(Self.name(object)))
      } catch {
        guard error.isNotFound else { throw error }
      }
    }
  }

  private static func isOwn(_ stored: JSONValue, _ object: JSONValue) -> Bool {
    ["app.kubernetes.io/part-of", "istio.io/rev"].allSatisfy { label in
      let path = ["metadata", "labels", label]
      return object[path: path] == nil || stored[path: path] == object[path: path]
    }
  }

  private static func name(_ object: Installation.Object) -> String {
    "\(object.resource.singular)/\(object.key.name)"
  }
}
