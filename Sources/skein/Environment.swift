#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The process's environment; an empty variable counts as none.
struct Environment {
  subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}
