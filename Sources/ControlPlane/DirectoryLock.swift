#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Keeps a data directory for one control plane; the system lets go of it however the process ends.
final class DirectoryLock: Sendable {
  private let file: Int32

  /// Takes the directory.
  ///
  /// - Throws: `ControlPlaneError` when another control plane has it or nobody may write there.
  init(_ directory: String) throws(ControlPlaneError) {
    let path = "\(directory)/lock"
    file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw ControlPlaneError(
        "\(path) cannot be opened: \(unsafe String(cString: strerror(errno)))")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw ControlPlaneError(
        "another control plane uses \(directory); give this one a --data-dir of its own")
    }
  }

  deinit {
    close(file)
  }
}
