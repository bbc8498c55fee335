internal import ArgumentParser
internal import Logging
internal import StreamingJSON

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Log lines on standard error, as text or JSON.
struct LogOutput: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  private let isJSON: Bool
  private let label: String
  /// The most characters of a message or value: what Envoy says of a refusal fits.
  private static let valueLimit = 2_048
  /// The most below `info`, where libraries describe their own values whole.
  private static let detailLimit = 256

  static func make(level: String?, format: String?) throws -> Logger {
    guard let parsed = Logger.Level(rawValue: level ?? "info") else {
      throw ValidationError("--log-level \(level ?? "") is not a level; use info or debug")
    }
    guard let isJSON = ["text": false, "json": true][format ?? "text"] else {
      throw ValidationError("--log-format \(format ?? "") is not text or json")
    }
    var logger = Logger(label: "skein") { LogOutput(isJSON: isJSON, label: $0) }
    logger.logLevel = parsed
    return logger
  }

  private init(isJSON: Bool, label: String) {
    self.isJSON = isJSON
    self.label = label
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let level = event.level
    let merged = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let limit = level < .info ? Self.detailLimit : Self.valueLimit
    let message = Self.shortened("\(event.message)", limit)
    let line: String
    if isJSON {
      var object = JSONObject()
      object["time"] = .string(Self.timestamp())
      object["level"] = .string(level.rawValue)
      object["message"] = .string(message)
      for (key, value) in merged { object[key] = .string(Self.shortened("\(value)", limit)) }
      line = String(decoding: JSONValue.object(object).serialized(), as: UTF8.self)
    } else {
      let fields = merged.map { " \($0.key)=\(Self.quoted(Self.shortened("\($0.value)", limit)))" }
      line = "\(Self.timestamp()) \(level.rawValue) \(message)\(fields.joined())"
    }
    // Standard error is not buffered, and one call keeps lines whole.
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }

  /// The text, or its beginning and how much there is of it.
  private static func shortened(_ text: String, _ limit: Int) -> String {
    guard text.utf8.count > limit, text.count > limit else { return text }
    return "\(text.prefix(limit))… (\(text.count) characters)"
  }

  /// A value on one line, quoted where it has spaces.
  private static func quoted(_ text: String) -> String {
    let flat = text.split(whereSeparator: \.isNewline).joined(separator: "\\n")
    return flat.contains(" ") ? "\"\(flat)\"" : flat
  }

  /// RFC 3339 in UTC, with milliseconds.
  private static func timestamp() -> String {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let (days, rest) = now.tv_sec.quotientAndRemainder(dividingBy: 86_400)
    func pad(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let (year, month, day) = civil(days)
    let date = "\(year)-\(pad(month, 2))-\(pad(day, 2))"
    let time = "\(pad(rest / 3600, 2)):\(pad(rest / 60 % 60, 2)):\(pad(rest % 60, 2))"
    return "\(date)T\(time).\(pad(now.tv_nsec / 1_000_000, 3))Z"
  }

  /// The date of a number of days since 1970-01-01, which is not before year 0.
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    // Counts from 0000-03-01, so that the leap day is a year's last.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }
}
