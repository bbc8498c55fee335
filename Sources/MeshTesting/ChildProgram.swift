internal import CProcess

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Runs a program to its end.
package enum ChildProgram {
  /// The exit status, and what the program wrote to both outputs.
  package struct Result: Sendable {
    package var status: Int32
    package var output: String
  }

  /// Runs `path` with arguments, its outputs going through a file that is deleted after.
  package static func run(_ path: String, _ arguments: [String]) -> Result {
    let file = temporaryPath("output")
    defer { unsafe _ = unlink(file) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(
      &actions, 1, file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // A listening socket of another test must not live on in a child of this one.
    unsafe skein_close_inherited(&actions)
    var child: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map {
      unsafe strdup($0)
    }
    unsafe words.append(nil)
    defer { while unsafe !words.isEmpty { unsafe free(words.removeLast()) } }
    guard unsafe posix_spawn(&child, path, &actions, nil, words, environ) == 0 else {
      return Result(status: 127, output: "cannot start \(path)")
    }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
    let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    return Result(status: code, output: read(file) ?? "")
  }

  /// A path in the folder of temporary files that nothing has yet.
  package static func temporaryPath(_ name: String) -> String {
    "/tmp/skein-test-\(getpid())-\(UInt64.random(in: 0 ... .max))-\(name)"
  }

  /// The text of a file; nil where it cannot be read.
  package static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes a file; false where it cannot.
  @discardableResult
  package static func write(_ text: String, to path: String) -> Bool {
    guard let file = unsafe fopen(path, "w") else { return false }
    defer { unsafe fclose(file) }
    let bytes = Array(text.utf8)
    return unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count
  }

  /// The names in a folder, sorted.
  package static func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
