internal import IstioAPI
internal import MeshIngest
internal import OpenSSLCrypto

/// Mesh configuration from a file given on the command line.
enum MeshConfigurationFile {
  /// The configuration in the file, or one from the options where there is no file.
  static func load(_ configuration: ControlPlaneConfiguration) throws -> MeshConfig {
    var mesh = MeshConfig()
    if let path = configuration.meshConfigPath {
      guard let bytes = try PrivateFile.read(path) else {
        throw ControlPlaneError("there is no file \(path); give --mesh-config a readable file")
      }
      switch MeshConfigurationText.read(String(decoding: bytes, as: UTF8.self)) {
      case .success(let read): mesh = read
      case .failure(let issue): throw ControlPlaneError("\(path): \(issue)")
      }
    } else {
      mesh.trustDomain = configuration.trustDomain
      mesh.rootNamespace = configuration.rootNamespace
    }
    return mesh
  }
}
