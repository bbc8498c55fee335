internal import Foundation

/// The addresses of what tests run.
///
/// They are loopback addresses, which a real API server does not take for endpoints. There, the variable
/// `SKEIN_TEST_NETWORK` names the first half of addresses that are this machine's, such as `10.77`, in a
/// network namespace of the tests' own.
package enum TestAddresses {
  private static let given = ProcessInfo.processInfo.environment["SKEIN_TEST_NETWORK"]

  /// The first three parts of 256 addresses that no other test has, probably.
  package static func network() -> String {
    "\(given ?? "127.\(Int.random(in: 1...120))").\(Int.random(in: 1...250))"
  }

  /// An address that is not a loopback one; nil where there is none for tests.
  package static var advertised: String? { given.map { "\($0).0.1" } }
}
