package import EnvoyTranslation
package import MeshIngest
internal import MeshStore
package import MeshTesting
internal import Synchronization

/// Ingest, store and translation wired as in the daemon, each step taken when it is told to.
package final class MeshPipeline: Sendable {
  package let documents: MeshDocuments
  package let translation: MeshTranslation
  private let keys = Mutex(0)

  /// How many parts of the snapshot have changed so far.
  package var keysChanged: Int { keys.withLock { $0 } }

  /// A pipeline over what `documents` hold.
  package init(_ documents: MeshDocuments = MeshDocuments()) {
    self.documents = documents
    translation = MeshTranslation(snapshot: documents.snapshot)
    _ = documents.store.takeChanges()
  }

  /// A pipeline over a mesh of Kubernetes objects.
  package convenience init(_ mesh: KubernetesMesh) throws {
    let documents = MeshDocuments()
    documents.ingest.apply(try mesh.events())
    self.init(documents)
  }

  /// Takes events all the way to the proxies' views.
  package func apply(_ events: [IngestEvent]) {
    documents.ingest.apply(events)
    guard let (snapshot, changes) = documents.store.takeChanges() else { return }
    keys.withLock { $0 += changes.count }
    translation.update(to: snapshot, changes)
  }
}
