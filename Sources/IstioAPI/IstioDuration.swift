package import StreamingJSON

/// A span of time, exact to the nanosecond.
///
/// Written as in Go and in protobuf JSON: `1.5s`, `300ms`, `1h2m`.
package struct IstioDuration: Hashable, Sendable {
  /// Whole seconds; negative in a negative span.
  package var seconds: Int64
  /// The rest, with the sign of the span, below a billion in magnitude.
  package var nanoseconds: Int32

  /// Creates a span of so many seconds and nanoseconds.
  package init(seconds: Int64 = 0, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// Creates a span of so many milliseconds.
  package init(milliseconds: Int64) {
    self.init(seconds: milliseconds / 1_000, nanoseconds: Int32(milliseconds % 1_000) * 1_000_000)
  }

  /// Parses a duration; `nil` when the text is none or leaves the range of Go's (292 years).
  package init?(_ text: some StringProtocol) {
    var bytes = Array(text.utf8)[...]
    guard bytes.count <= 128 else { return nil }
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
    if bytes.elementsEqual("0".utf8) {
      self.init()
      return
    }
    guard !bytes.isEmpty else { return nil }
    var total: Int64 = 0
    while !bytes.isEmpty {
      guard let part = Self.component(&bytes) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else { return nil }
      total = sum
    }
    if isNegative { total = -total }
    self.init(
      seconds: total / 1_000_000_000, nanoseconds: Int32(truncatingIfNeeded: total % 1_000_000_000))
  }

  /// The span in nanoseconds, or `nil` when that does not fit 64 bits.
  package var totalNanoseconds: Int64? {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds))
    return overflow || carry ? nil : sum
  }

  /// One number with its unit, in nanoseconds.
  private static func component(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    let whole = bytes.prefix(while: isDigit)
    bytes = bytes.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if bytes.first == UInt8(ascii: ".") {
      fraction = bytes.dropFirst().prefix(while: isDigit)
      bytes = bytes.dropFirst(fraction.count + 1)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    let unitBytes = bytes.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
    bytes = bytes.dropFirst(unitBytes.count)
    let scale: Int64
    switch String(decoding: unitBytes, as: UTF8.self) {
    case "ns": scale = 1
    case "us", "µs", "μs": scale = 1_000
    case "ms": scale = 1_000_000
    case "s": scale = 1_000_000_000
    case "m": scale = 60_000_000_000
    case "h": scale = 3_600_000_000_000
    default: return nil
    }
    var value: Int64 = 0
    for digit in whole {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: scale)
    guard !overflow else { return nil }
    // Digits of a fraction beyond the nanosecond are cut off, as in Go.
    var rest: Int64 = 0
    var unit = scale
    for digit in fraction {
      unit /= 10
      rest += Int64(digit - UInt8(ascii: "0")) * unit
    }
    let (sum, carry) = scaled.addingReportingOverflow(rest)
    return carry ? nil : sum
  }
}

extension IstioDuration: JSONReadable {
  /// Reads a duration from its string.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    let text = try reader.readString()
    guard let duration = IstioDuration(text) else {
      throw reader.error(
        "\"\(text.prefix(64))\" is not a duration",
        remedy: "write a number and a unit, such as 1.5s")
    }
    self = duration
  }
}

extension IstioDuration: CustomStringConvertible {
  /// The duration as protobuf JSON writes it: seconds with a fraction of 0, 3, 6 or 9 digits.
  package var description: String {
    let sign = seconds < 0 || nanoseconds < 0 ? "-" : ""
    let whole = "\(sign)\(seconds.magnitude)"
    guard nanoseconds != 0 else { return "\(whole)s" }
    let digits = String(nanoseconds.magnitude)
    var fraction = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while fraction.hasSuffix("000") { fraction.removeLast(3) }
    return "\(whole).\(fraction)s"
  }
}
