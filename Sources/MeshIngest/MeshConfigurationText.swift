package import IstioAPI
package import StreamingJSON
internal import YAML

/// Mesh configuration as the `istio` ConfigMap and `--mesh-config` hold it.
package enum MeshConfigurationText {
  /// Reads YAML or JSON.
  package static func read(_ text: String) -> Result<MeshConfig, FieldIssue> {
    do {
      let documents = try YAMLReader.documents(Array(text.utf8), file: "mesh")
      guard let document = documents.first else { return .success(MeshConfig()) }
      var reader = try JSONReader(document.value.serialized())
      return .success(try MeshConfig(from: &reader))
    } catch let error as JSONDecodingError {
      return .failure(FieldIssue(error))
    } catch {
      return .failure(
        FieldIssue(path: "mesh", message: "\(error)", remedy: "Write valid YAML."))
    }
  }
}
