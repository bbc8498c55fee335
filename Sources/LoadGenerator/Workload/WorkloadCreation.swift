internal import KubernetesAPI
package import KubernetesClient
internal import StreamingJSON

/// Puts the objects of a workload into a Kubernetes API.
package struct WorkloadCreation: Sendable {
  private let workload: ReferenceWorkload
  private let client: KubernetesClient
  private let concurrency: Int

  /// Requests that are open at one time are at most `concurrency`.
  package init(workload: ReferenceWorkload, client: KubernetesClient, concurrency: Int = 32) {
    self.workload = workload
    self.client = client
    self.concurrency = max(1, concurrency)
  }

  /// Makes every object be as the workload says; `progress` is told how many are.
  ///
  /// - Throws: `KubernetesClientError` of the first object that is refused.
  package func run(
    progress: (_ done: Int, _ all: Int) -> Void
  ) async throws {
    let objects = workload.objects
    let namespaces = objects.prefix { $0.resource == .namespaces }
    var done = 0
    for part in [namespaces[...], objects[namespaces.endIndex...]] {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, object) in part.enumerated() {
          if index >= concurrency {
            try await group.next()
            done += 1
            progress(done, objects.count)
          }
          group.addTask { try await apply(object) }
        }
        for try await _ in group {
          done += 1
          progress(done, objects.count)
        }
      }
    }
  }

  private func apply(_ object: ReferenceWorkload.Object) async throws {
    let answer = try await client.apply(object.value, as: object.resource, key: object.key)
    // A server with a status subresource drops the status of a first write.
    if object.value["status"] != nil, answer.object["status"]?["podIP"] == nil {
      _ = try await client.applyStatus(object.value, as: object.resource, key: object.key)
    }
  }
}
