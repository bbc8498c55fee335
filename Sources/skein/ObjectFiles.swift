internal import ArgumentParser
internal import DiscoveryAPI
internal import KubernetesAPI
internal import MeshIngest
internal import OpenSSLCrypto
internal import StreamingJSON
internal import SwiftProtobuf
internal import XDSProtocol
internal import YAML

/// Files with the mesh's objects.
enum ObjectFiles {
  /// The objects of a YAML file as if a cluster had them; kinds that do not shape the mesh are left out.
  static func read(_ path: String) throws -> [IngestEvent] {
    guard let bytes = try PrivateFile.read(path) else {
      throw CleanFailure("there is no file \(path)", code: .init(66))
    }
    var events: [IngestEvent] = []
    for document in try YAMLReader.documents(bytes, file: path) {
      guard case .object(var object) = document.value,
        case .string(let apiVersion)? = object["apiVersion"],
        case .string(let kind)? = object["kind"]
      else {
        throw CleanFailure(
          "\(path):\(document.start): the document has no apiVersion and kind", code: .init(65))
      }
      guard let resource = KubernetesResource.find(apiVersion: apiVersion, kind: kind) else {
        continue
      }
      if resource.isNamespaced, case .object(var metadata)? = object["metadata"],
        metadata["namespace"] == nil
      {
        metadata["namespace"] = "default"
        object["metadata"] = .object(metadata)
      }
      let reader = try JSONReader(JSONValue.object(object).serialized())
      if let decoded = try IngestedObject.decode(resource, reader) {
        events.append(.applied(decoded))
      }
    }
    return events
  }
}

/// A proxy as JSON, in the form of the `node` of Envoy's bootstrap.
enum NodeFile {
  static func read(_ path: String, isDelta: Bool) throws -> ProxyNode {
    guard let bytes = try PrivateFile.read(path) else {
      throw CleanFailure("there is no file \(path)", code: .init(66))
    }
    var options = JSONDecodingOptions()
    options.ignoreUnknownFields = true
    do {
      var message = try Envoy_Config_Core_V3_Node(jsonUTF8Bytes: bytes, options: options)
      if message.userAgentVersionType == nil {
        message.userAgentBuildVersion.version.majorNumber = 1
        message.userAgentBuildVersion.version.minorNumber = 40
      }
      return try ProxyNode(message, isDelta: isDelta)
    } catch {
      throw CleanFailure("\(path): \(error)", code: .init(65))
    }
  }
}
