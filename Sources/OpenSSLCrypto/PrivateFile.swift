#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Files that only their owner may read.
package enum PrivateFile {
  /// Replaces a file in one step: readers see the old content or the new, also after a crash.
  ///
  /// The permissions are `mode`: 0600 unless the content is public.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600
  ) throws(CryptoError) {
    let operation = "write \(path)"
    let suffix = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let temporary = "\(path).\(suffix).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw CryptoError(operation, String(cString: strerror(errno))) }
    var failure: Int32?
    var rest = bytes[...]
    while failure == nil, !rest.isEmpty {
      let written = rest.withUnsafeBytes { Self.systemWrite(file, $0) }
      if written < 0, errno != EINTR {
        failure = errno
      }
      rest = rest.dropFirst(max(0, written))
    }
    if failure == nil, fsync(file) != 0 {
      failure = errno
    }
    close(file)
    if failure == nil, rename(temporary, path) != 0 {
      failure = errno
    }
    if let failure {
      unlink(temporary)
      throw CryptoError(operation, String(cString: strerror(failure)))
    }
  }

  /// Makes a directory that only its owner may enter, and its missing parents.
  package static func makeDirectory(_ path: String) throws(CryptoError) {
    var partial = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      partial += (partial.isEmpty || partial.hasSuffix("/") ? "" : "/") + part
      guard mkdir(partial, 0o700) == 0 || errno == EEXIST else {
        throw CryptoError("make the directory \(partial)", String(cString: strerror(errno)))
      }
    }
  }

  /// The content of a file of at most a mebibyte; nil when there is none.
  package static func read(_ path: String) throws(CryptoError) -> [UInt8]? {
    let operation = "read \(path)"
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw CryptoError(operation, String(cString: strerror(errno)))
      }
      return nil
    }
    defer { close(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = systemRead(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw CryptoError(operation, String(cString: strerror(errno))) }
      guard count > 0 else { return result }
      result += buffer.prefix(count)
      guard result.count <= 1_048_576 else { throw CryptoError(operation, "too long") }
    }
  }

  private static func systemWrite(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    Glibc.write(file, bytes.baseAddress, bytes.count)
    #else
    Darwin.write(file, bytes.baseAddress, bytes.count)
    #endif
  }

  private static func systemRead(
    _ file: Int32, _ buffer: inout [UInt8], _ count: Int
  ) -> Int {
    #if canImport(Glibc)
    Glibc.read(file, &buffer, count)
    #else
    Darwin.read(file, &buffer, count)
    #endif
  }
}
