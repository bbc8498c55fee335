internal import IstioAPI
internal import MeshIngest
internal import MeshModel
internal import MeshStore
internal import OpenSSLCrypto

/// Mesh configuration from a file given on the command line.
enum MeshConfigurationFile {
  static func load(
    _ configuration: ControlPlaneConfiguration, into store: MeshStore
  ) throws {
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
    store.apply([.meshConfig(mesh)])
  }
}
