internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Ports of 127.0.0.1 for programs that cannot choose one themselves.
package enum FreePort {
  /// Below the ports that systems give to outgoing connections, so that none of those takes a port
  /// between its choice and its use.
  private static let range = 20_000..<32_000

  private static let given = Mutex(Set<Int>())

  /// A TCP port at which nothing listens; no process is given the same one twice.
  ///
  /// - Throws: `FreePortError` when many ports were tried and none was free.
  package static func next() throws(FreePortError) -> Int {
    for _ in 0..<1_000 {
      let port = Int.random(in: range)
      guard given.withLock({ $0.insert(port).inserted }), canListen(at: port) else { continue }
      return port
    }
    throw FreePortError()
  }

  private static func canListen(at port: Int) -> Bool {
    let descriptor = socket(AF_INET, streamType, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  #if canImport(Glibc)
  private static let streamType = Int32(SOCK_STREAM.rawValue)
  #else
  private static let streamType = SOCK_STREAM
  #endif
}

/// Tells that no port was free.
package struct FreePortError: Error, CustomStringConvertible {
  package var description: String { "there is no free port on 127.0.0.1" }
}
