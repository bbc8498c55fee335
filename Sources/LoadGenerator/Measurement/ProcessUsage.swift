package import StreamingJSON

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What a process of this machine has used so far (proc(5); Linux only).
package struct ProcessUsage: Hashable, Sendable {
  /// User and system time, in seconds.
  package var cpuSeconds: Double
  /// Resident memory in bytes.
  package var residentBytes: Int
  /// The most resident memory so far, in bytes.
  package var peakResidentBytes: Int

  /// The usage of process `pid`; nil when there is no such process.
  package init?(pid: Int32) {
    guard let stat = Self.read("/proc/\(pid)/stat"), let status = Self.read("/proc/\(pid)/status"),
      let time = Self.ticks(stat)
    else { return nil }
    cpuSeconds = Double(time) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    residentBytes = Self.kilobytes("VmRSS:", status) * 1024
    peakResidentBytes = Self.kilobytes("VmHWM:", status) * 1024
  }

  /// The usage of this process.
  package static var own: ProcessUsage? { ProcessUsage(pid: getpid()) }

  /// `cpu_s`, `rss_mb`, `peak_rss_mb`; CPU time since `earlier`.
  package func json(since earlier: ProcessUsage?) -> JSONValue {
    [
      "cpu_s": .number(cpuSeconds - (earlier?.cpuSeconds ?? 0)),
      "rss_mb": .number(Double(residentBytes) / 1e6),
      "peak_rss_mb": .number(Double(peakResidentBytes) / 1e6),
    ]
  }

  /// Fields 14 and 15; the name in field 2 may hold spaces, so counting begins behind it.
  private static func ticks(_ stat: String) -> Int? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      return nil
    }
    return user + system
  }

  private static func kilobytes(_ key: String, _ status: String) -> Int {
    let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }

  private static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe fread($0.baseAddress, 1, $0.count, file)
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
