/// A moment in the Gregorian calendar, UTC, to the second.
struct CivilTime: Equatable {
  var year: Int
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int
  var second: Int

  init(unixSeconds: Int64) {
    let days = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
    let inDay = Int(unixSeconds - days * 86_400)
    // Years are counted from March, so that a leap day comes last.
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = inDay / 3600
    minute = inDay / 60 % 60
    second = inDay % 60
  }

  /// Reads the content of a UTCTime or GeneralizedTime as RFC 5280 restricts them.
  init?(derTag tag: UInt8, content: ArraySlice<UInt8>) {
    let yearDigits = tag == DERTag.utcTime ? 2 : 4
    guard tag == DERTag.utcTime || tag == DERTag.generalizedTime,
      content.count == yearDigits + 11, content.last == UInt8(ascii: "Z")
    else { return nil }
    let digits = content.dropLast().map { Int($0) - 48 }
    guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
    func pair(_ index: Int) -> Int {
      number(yearDigits + index * 2..<yearDigits + index * 2 + 2)
    }
    year = number(0..<yearDigits)
    if yearDigits == 2 {
      year += year < 50 ? 2000 : 1900
    }
    (month, day, hour, minute, second) = (pair(0), pair(1), pair(2), pair(3), pair(4))
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
  }

  var unixSeconds: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let shiftedMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = Int64(era * 146_097 + dayOfEra - 719_468)
    return days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }
}
