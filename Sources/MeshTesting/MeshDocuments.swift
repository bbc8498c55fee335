package import KubernetesAPI
internal import Logging
package import MeshIngest
package import MeshModel
package import MeshStore
internal import StreamingJSON
internal import YAML

/// A mesh made of YAML documents, through the same ingest as a cluster's objects.
package final class MeshDocuments: Sendable {
  package let store: MeshStore
  package let ingest: MeshIngest

  /// A mesh without objects, which joins none before the lists in `awaited` have come.
  package init(
    clusterDomain: String = "cluster.local", awaiting awaited: Set<KubernetesResource> = [],
    meshConfigMap: String = "istio", needsListing: @escaping @Sendable () -> Void = {}
  ) {
    let store = MeshStore(clusterDomain: clusterDomain)
    self.store = store
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    ingest = MeshIngest(
      clusterDomain: clusterDomain, meshConfigMap: meshConfigMap, awaiting: awaited,
      logger: logger, needsListing: needsListing
    ) { store.apply($0) }
  }

  /// A mesh of the documents of a YAML text.
  package convenience init(_ yaml: String) throws {
    self.init()
    try apply(yaml)
  }

  package var snapshot: MeshSnapshot { store.snapshot }

  /// Applies every document of a YAML text; kinds that do not shape the mesh are passed over.
  package func apply(_ yaml: String, file: String = "test.yaml") throws {
    var events: [IngestEvent] = []
    for document in try YAMLReader.documents(Array(yaml.utf8), file: file) {
      guard let (resource, reader) = try Self.read(document.value) else { continue }
      if let object = try IngestedObject.decode(resource, reader) {
        events.append(.applied(object))
      }
    }
    ingest.apply(events)
  }

  /// Deletes the objects that a YAML text names.
  package func delete(_ yaml: String) throws {
    var events: [IngestEvent] = []
    for document in try YAMLReader.documents(Array(yaml.utf8), file: "test.yaml") {
      guard let (resource, reader) = try Self.read(document.value),
        let object = try IngestedObject.decode(resource, reader)
      else { continue }
      events.append(.deleted(resource, object.key))
    }
    ingest.apply(events)
  }

  /// The kind of a document and a reader of it, its namespace filled in.
  private static func read(
    _ value: JSONValue
  ) throws -> (resource: KubernetesResource, reader: JSONReader)? {
    guard case .object(var object) = value,
      case .string(let apiVersion)? = object["apiVersion"],
      case .string(let kind)? = object["kind"],
      let resource = KubernetesResource.find(apiVersion: apiVersion, kind: kind)
    else { return nil }
    if resource.isNamespaced, case .object(var metadata)? = object["metadata"],
      metadata["namespace"] == nil
    {
      metadata["namespace"] = "default"
      object["metadata"] = .object(metadata)
    }
    return (resource, try JSONReader(JSONValue.object(object).serialized()))
  }
}
