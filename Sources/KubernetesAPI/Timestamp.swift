package import StreamingJSON

/// A moment, exact to the second (RFC 3339 text in Kubernetes).
package struct Timestamp: Hashable, Sendable, Comparable, JSONReadable {
  /// Seconds since 1970-01-01T00:00:00Z.
  package var seconds: Int64

  /// Creates a moment.
  package init(seconds: Int64) {
    self.seconds = seconds
  }

  /// Parses RFC 3339 text; fractions of a second are dropped. `nil` when it is malformed.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count <= 64 else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
      bytes[16] == UInt8(ascii: ":"), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var rest = bytes[19...]
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst().drop { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }
    var offset: Int64 = 0
    if rest.count == 6, let sign = rest.first,
      sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
    {
      let start = rest.startIndex + 1
      guard let hours = number(start..<(start + 2)), let minutes = number((start + 3)..<(start + 5))
      else { return nil }
      offset = (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    } else if !(rest.count == 1 && rest.first.map { $0 | 0x20 } == UInt8(ascii: "z")) {
      return nil
    }
    let days = Self.days(year: year, month: month, day: day)
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
  }

  /// Reads RFC 3339 text.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    let text = try reader.readString()
    guard let value = Timestamp(text) else {
      throw reader.error(
        "\"\(text.prefix(64))\" is not a time", remedy: "write it as 2006-01-02T15:04:05Z")
    }
    self = value
  }

  /// Orders by time.
  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.seconds < right.seconds
  }

  /// RFC 3339 text in UTC.
  package var text: String {
    let days = Self.floorDivide(seconds, 86_400)
    let rest = seconds - days * 86_400
    // The civil calendar in eras of 400 years that start in March, so that a leap day comes last.
    let shifted = days + 719_468
    let era = Self.floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func pad(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(rest / 3_600, 2)):"
      + "\(pad(rest / 60 % 60, 2)):\(pad(rest % 60, 2))Z"
  }

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }
}
