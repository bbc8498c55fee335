#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The Envoy that `make deps` fetched.
package enum EnvoyBinary {
  /// The path of the package's folder.
  package static let packageFolder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
  }()

  /// The binary's path: `SKEIN_ENVOY`, else `.tools/envoy`; nil when neither can be run.
  package static let path: String? = {
    let variable = unsafe getenv("SKEIN_ENVOY")
    if let variable = unsafe variable { return unsafe String(cString: variable) }
    let path = packageFolder + "/.tools/envoy"
    return unsafe access(path, X_OK) == 0 ? path : nil
  }()

  /// The folder of recorded inputs and results beside the project; nil where it is not there.
  package static let conformance: String? = {
    let path = packageFolder + "/../shared/conformance"
    return unsafe access(path, R_OK) == 0 ? path : nil
  }()
}
