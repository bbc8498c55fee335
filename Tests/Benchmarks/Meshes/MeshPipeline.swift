package import EnvoyTranslation
package import MeshIngest
internal import MeshModel
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
    translate()
  }

  /// Ends the first phase of changes of mutual TLS, as the daemon does when all proxies have followed.
  package func retirePeerAuthentications() {
    documents.store.retirePeerAuthentications(
      at: documents.store.snapshot.peerAuthenticationRevision)
    translate()
  }

  /// How many entries each index of every part has, by `part.index`.
  package var indexSizes: [String: Int] {
    let parts = [
      ("ingest", documents.ingest.indexSizes), ("snapshot", documents.store.indexSizes),
      ("translation", translation.indexSizes),
    ]
    var sizes: [String: Int] = [:]
    for (part, values) in parts {
      for (index, size) in values { sizes["\(part).\(index)"] = size }
    }
    return sizes
  }

  private func translate() {
    guard let (snapshot, changes) = documents.store.takeChanges() else { return }
    keys.withLock { $0 += changes.count }
    translation.update(to: snapshot, changes)
  }
}
