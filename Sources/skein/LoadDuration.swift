/// A duration as text: a number and `ms`, `s` or `m`, above zero and at most a day.
struct LoadDuration {
  let duration: Duration

  init?(_ text: String) {
    let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000)]
    guard let (suffix, unit) = units.first(where: { text.hasSuffix($0.0) }),
      let count = Int64(text.dropLast(suffix.count)), (1...86_400_000).contains(count),
      count * unit <= 86_400_000
    else { return nil }
    duration = .milliseconds(count * unit)
  }
}
