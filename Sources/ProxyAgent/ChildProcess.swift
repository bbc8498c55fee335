internal import CProcess
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A child process in a process group of its own.
///
/// It is started and awaited by one thread that lives as long as it: a child may have asked the
/// kernel to end it with the thread that started it. Its end is always collected.
final class ChildProcess: Sendable {
  private struct State {
    var id: pid_t?
    var hasEnded = false
  }

  private let arguments: [String]
  private let state = Mutex(State())

  /// A process that is not started yet; the first argument is the path of the program.
  init(arguments: [String]) {
    self.arguments = arguments
  }

  /// Whether the process has come to its end, or could not be started.
  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Starts the process and waits for its end.
  ///
  /// Returns the exit code, or 128 and the number of the signal that ended it.
  func run() async throws -> Int {
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    let result: Result<Int, any Error>
    do {
      result = .success(try await pool.runIfActive { try self.runOnThread() })
    } catch {
      result = .failure(error)
    }
    state.withLock { $0.hasEnded = true }
    try await pool.shutdownGracefully()
    return try result.get()
  }

  /// Sends a signal unless the process has ended.
  func signal(_ number: Int32) {
    state.withLock { state in
      if let id = state.id {
        kill(id, number)
      }
    }
  }

  private func runOnThread() throws -> Int {
    let id = try spawn()
    state.withLock { $0.id = id }
    while skein_wait_for_end(id) != 0, errno == EINTR {}
    // The number stays taken until the status is collected, so no signal can hit another process.
    var status: Int32 = 0
    state.withLock { state in
      state.id = nil
      unsafe waitpid(id, &status, 0)
    }
    return Int(skein_exit_code(status))
  }

  private func spawn() throws -> pid_t {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The agent ignores the signals that stop it gracefully; the child must not inherit that.
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    var pointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer {
      while let pointer = unsafe pointers.popLast() {
        unsafe free(pointer)
      }
    }
    var id: pid_t = 0
    let path = arguments.first ?? ""
    // Sockets of this process are no business of the child's, and would stay open in it.
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    unsafe skein_close_inherited(&actions)
    let error = unsafe posix_spawn(&id, path, &actions, &attributes, pointers, environ)
    guard error == 0 else {
      throw AgentError("cannot start \(path): \(unsafe String(cString: strerror(error)))")
    }
    return id
  }
}
