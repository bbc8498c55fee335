#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// One line on a terminal that is written over; nothing anywhere else.
struct ProgressLine: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func show(_ text: String) {
    if isTerminal { StandardError.writePart("\r\u{1B}[K\(text)") }
  }

  func clear() {
    if isTerminal { StandardError.writePart("\r\u{1B}[K") }
  }
}
