internal import CProcess

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Turns this process into another program that ends with its parent.
package enum ParentBoundProgram {
  /// Replaces the process; returns only to throw.
  ///
  /// The first argument is the path of the program.
  package static func become(_ arguments: [String]) throws(AgentError) -> Never {
    let parent = getppid()
    guard skein_end_with_parent() == 0, getppid() == parent, parent > 1 else {
      throw AgentError("the agent has ended")
    }
    var pointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    let path = arguments.first ?? ""
    // A thread of a pool blocks the signals that end a program, and a program inherits that.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe pthread_sigmask(SIG_SETMASK, &signals, nil)
    unsafe execv(path, pointers)
    throw AgentError("cannot run \(path): \(unsafe String(cString: strerror(errno)))")
  }
}
