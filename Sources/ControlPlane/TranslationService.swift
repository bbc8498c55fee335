internal import EnvoyTranslation
internal import MeshStore
internal import ServiceLifecycle

/// Carries changes of the mesh to the proxies' configuration, as many at a time as have gathered.
///
/// The first change after quiet goes on at once; while it is translated, the next batch grows.
struct TranslationService: Service {
  let store: MeshStore
  let translation: MeshTranslation
  let readiness: Readiness
  let phases: PeerAuthenticationPhases

  func run() async throws {
    for await _ in store.signals.cancelOnGracefulShutdown() {
      let isSynced = readiness.isMet(.synced)
      if let (snapshot, changes) = store.takeChanges() {
        translation.update(to: snapshot, changes)
        phases.translated(snapshot)
      }
      if isSynced { readiness.meet(.translated) }
    }
  }
}
