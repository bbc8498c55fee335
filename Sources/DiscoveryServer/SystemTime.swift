internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The system's clock.
package enum SystemTime {
  /// Seconds since 1970.
  package static let seconds: @Sendable () -> Int64 = { Int64(time(nil)) }
}
