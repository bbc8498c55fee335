#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Lines for people, apart from a command's output.
enum StandardError {
  static func write(_ line: String) {
    writePart(line + "\n")
  }

  /// Writes text that does not end a line.
  static func writePart(_ text: String) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let written = unsafe bytes[start...].withUnsafeBytes { buffer in
        unsafe systemWrite(STDERR_FILENO, buffer.baseAddress, buffer.count)
      }
      guard written > 0 else { return }
      start += written
    }
  }
}

private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(file, bytes, count)
}
