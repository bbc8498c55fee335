import CProcess
import Foundation
import MeshTesting
import Synchronization

/// A program that runs beside the test and ends with it, its outputs in a file.
final class MeshProgram: Sendable {
  /// Of which part of the mesh this is.
  let name: String
  /// The file with everything the program wrote.
  let log: String
  private let state = Mutex((id: pid_t(0), hasEnded: false))

  /// Starts `arguments`, the first of which is the path of the program.
  ///
  /// A thread that lives as long as the program starts it, so that the kernel can end the program
  /// when the test process ends, however that ends.
  init(_ name: String, _ arguments: [String], log: String) throws {
    self.name = name
    self.log = log
    let started = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      let id = Self.spawn(["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + arguments, log: log)
      state.withLock { $0.id = id }
      started.signal()
      guard id > 0 else { return state.withLock { $0.hasEnded = true } }
      var information = siginfo_t()
      while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
      // The number stays taken until the status is collected, so no signal can hit another program.
      state.withLock { state in
        var status: Int32 = 0
        waitpid(id, &status, 0)
        state.hasEnded = true
      }
    }
    started.wait()
    guard id > 0 else { throw MeshFailure("cannot start \(arguments.first ?? "nothing")") }
  }

  var id: pid_t { state.withLock(\.id) }
  var hasEnded: Bool { state.withLock(\.hasEnded) }

  /// The process ids of its children.
  var children: [pid_t] {
    let tasks = "/proc/\(id)/task"
    return ChildProgram.names(in: tasks).flatMap { task in
      (ChildProgram.read("\(tasks)/\(task)/children") ?? "").split(separator: " ")
        .compactMap { pid_t($0) }
    }
  }

  func signal(_ number: Int32) {
    state.withLock { state in
      if !state.hasEnded { kill(state.id, number) }
    }
  }

  /// Asks the program to end, and kills it when it has not after five seconds.
  func stop() async {
    signal(SIGTERM)
    try? await eventually("\(name) ends", within: .seconds(5)) { self.hasEnded }
    await crash()
  }

  /// Kills the program without a warning and waits for its end.
  func crash() async {
    signal(SIGKILL)
    try? await eventually("\(name) ends", within: .seconds(5)) { self.hasEnded }
  }

  private static func spawn(_ arguments: [String], log: String) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    skein_close_inherited(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Threads of the test runner block signals, and children inherit that.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var id: pid_t = 0
    return posix_spawn(&id, arguments[0], &actions, &attributes, words, environ) == 0 ? id : -1
  }
}

/// Why a mesh could not do what a test asked of it.
struct MeshFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Waits until a condition holds; throws with its name when time runs out.
func eventually(
  _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(50),
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while true {
    if (try? await condition()) == true { return }
    guard ContinuousClock.now < deadline else {
      if limit >= .seconds(10) {
        await RunningMesh.current?.report()
        InterceptedMesh.current?.printLogs()
      }
      throw MeshFailure("timed out: \(what)")
    }
    try await Task.sleep(for: pause)
  }
}
