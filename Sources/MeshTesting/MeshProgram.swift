internal import CProcess
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A program that runs beside the test and ends with it, its outputs in a file.
package final class MeshProgram: Sendable {
  /// Of which part of the mesh this is.
  package let name: String
  /// The file with everything the program wrote.
  package let log: String
  private let state = Mutex((id: pid_t(0), hasEnded: false))

  /// Starts `arguments`, the first of which is the path of the program.
  ///
  /// A thread that lives as long as the program starts it, so that the kernel can end the program
  /// when the test process ends, however that ends.
  package init(_ name: String, _ arguments: [String], log: String) throws {
    self.name = name
    self.log = log
    let started = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      let id = Self.spawn(["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + arguments, log: log)
      state.withLock { $0.id = id }
      started.signal()
      guard id > 0 else { return state.withLock { $0.hasEnded = true } }
      var information = unsafe siginfo_t()
      while unsafe waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
      // The number stays taken until the status is collected, so no signal can hit another program.
      state.withLock { state in
        var status: Int32 = 0
        unsafe _ = waitpid(id, &status, 0)
        state.hasEnded = true
      }
    }
    started.wait()
    guard id > 0 else { throw MeshFailure("cannot start \(arguments.first ?? "nothing")") }
  }

  package var id: Int32 { state.withLock(\.id) }
  package var hasEnded: Bool { state.withLock(\.hasEnded) }

  /// The process ids of its children.
  package var children: [Int32] {
    let tasks = "/proc/\(id)/task"
    return ChildProgram.names(in: tasks).flatMap { task in
      (ChildProgram.read("\(tasks)/\(task)/children") ?? "").split(separator: " ")
        .compactMap { pid_t($0) }
    }
  }

  package func signal(_ number: Int32) {
    state.withLock { state in
      if !state.hasEnded { kill(state.id, number) }
    }
  }

  /// Asks the program to end, and kills it when it has not after five seconds.
  package func stop() async {
    signal(SIGTERM)
    await awaitEnd()
    await crash()
  }

  /// Kills the program without a warning and waits for its end.
  package func crash() async {
    signal(SIGKILL)
    await awaitEnd()
  }

  private func awaitEnd() async {
    let deadline = ContinuousClock.now + .seconds(5)
    while !hasEnded, ContinuousClock.now < deadline {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  private static func spawn(_ arguments: [String], log: String) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    unsafe skein_close_inherited(&actions)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
    // Threads of the test runner block signals, and children inherit that.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe words.append(nil)
    defer { while unsafe !words.isEmpty { unsafe free(words.removeLast()) } }
    var id: pid_t = 0
    let result = unsafe posix_spawn(&id, arguments[0], &actions, &attributes, words, environ)
    return result == 0 ? id : -1
  }
}

/// Why a mesh could not do what a test asked of it.
package struct MeshFailure: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}
