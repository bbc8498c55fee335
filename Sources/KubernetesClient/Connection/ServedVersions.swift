package import KubernetesAPI
internal import NIOHTTP1
internal import StreamingJSON
internal import Synchronization

/// The version in which a server has each resource, where it is not the preferred one.
final class ServedVersions: Sendable {
  private let mutex = Mutex<[KubernetesResource: String]>([:])

  subscript(resource: KubernetesResource) -> String? {
    get { mutex.withLock { $0[resource] } }
    set { mutex.withLock { $0[resource] = newValue } }
  }
}

extension KubernetesClient {
  /// Looks for a version in which the server has a resource, and remembers it; false when it has none.
  @discardableResult
  package func findVersion(
    of resource: KubernetesResource
  ) async throws(KubernetesClientError) -> Bool {
    for version in resource.versions {
      let path = (resource.group.isEmpty ? "/api/" : "/apis/") + resource.apiVersion(version)
      do throws(KubernetesClientError) {
        let document = try await send(.GET, path, for: .read).object
        let names = document["resources"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        if names.contains(resource.plural) {
          served[resource] = version
          return true
        }
      } catch {
        guard error.isNotFound else { throw error }
      }
    }
    return false
  }
}
