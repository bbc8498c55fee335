internal import CertificateAuthority
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle

/// Follows the authority at its source, so that a new one needs no restart.
///
/// The roots of the one before stay trusted beside those of the new: certificates that it signed are still
/// in use. One that cannot be used changes nothing and is told.
struct AuthorityReload: Service {
  private static let interval = Duration.seconds(10)

  let source: ClusterAuthority
  let place: ClusterAuthority.Source
  let authority: CertificateAuthority
  let first: SigningMaterial
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown { try await follow() }
  }

  private func follow() async throws {
    var present = first
    var complaint = ""
    while true {
      try await Task.sleep(for: Self.interval)
      do {
        guard let new = try await source.current(place) else { continue }
        complaint = ""
        guard
          new.certificate != present.certificate || new.roots != present.roots
            || new.intermediates != present.intermediates
        else { continue }
        try authority.replace(SigningSlots(current: new, next: present))
        present = new
        logger.notice("another certificate authority is in force")
      } catch let error as KubernetesClientError {
        logger.debug("the certificate authority cannot be read", metadata: ["error": "\(error)"])
      } catch {
        if complaint != "\(error)" {
          logger.error(
            "the certificate authority has changed to one that cannot be used; the old one stays",
            metadata: ["error": "\(error)"])
        }
        complaint = "\(error)"
      }
    }
  }
}
