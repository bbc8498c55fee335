import Foundation

/// What the environment asks of the tests.
enum Environment {
  static let updatesGolden = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"
}
