internal import Foundation
internal import KubernetesAPI

/// Moments exact to the microsecond, as Leases have them.
enum MicroTime {
  /// This moment, such as `2026-01-02T15:04:05.000000Z`.
  static func now() -> String {
    let seconds = Date().timeIntervalSince1970
    let whole = Int64(seconds)
    let fraction = String(Int64((seconds - Double(whole)) * 1_000_000) + 1_000_000).dropFirst()
    return Timestamp(seconds: whole).text.dropLast() + "." + fraction + "Z"
  }
}
