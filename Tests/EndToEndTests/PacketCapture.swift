import Foundation
import MeshTesting

/// A TCP segment on the wire.
struct CapturedSegment: Sendable, CustomStringConvertible {
  /// The two ends, as `address:port`.
  var source: String
  var destination: String
  var sequence: UInt32
  var isReset: Bool
  var payload: ArraySlice<UInt8>

  var description: String {
    "\(source) > \(destination): \(payload.count) bytes\(isReset ? ", reset" : "")"
  }
}

/// What a record of TLS carries.
enum TLSRecordType: UInt8 {
  case changeCipherSpec = 20
  case alert
  case handshake
  case applicationData
}

/// What tcpdump wrote about an interface.
struct PacketCapture: Sendable, CustomStringConvertible {
  private let bytes: Data
  let segments: [CapturedSegment]

  var description: String { segments.map { "\n  \($0)" }.joined() }

  /// Reads a file of the `pcap` format with Ethernet frames; a last packet may be incomplete.
  init(_ file: [UInt8]) throws {
    bytes = Data(file)
    guard file.starts(with: [0xD4, 0xC3, 0xB2, 0xA1]), file.count >= 24, file[20] == 1 else {
      throw MeshFailure("this is no capture of Ethernet frames")
    }
    var segments: [CapturedSegment] = []
    var start = 24
    while start + 16 <= file.count {
      let length = (0..<4).reduce(0) { $0 | Int(file[start + 8 + $1]) << (8 * $1) }
      guard start + 16 + length <= file.count else { break }
      if let segment = Self.segment(file[(start + 16)..<(start + 16 + length)]) {
        segments.append(segment)
      }
      start += 16 + length
    }
    self.segments = segments
  }

  /// Whether a text occurs anywhere in any packet.
  func contains(_ text: String) -> Bool { bytes.range(of: Data(text.utf8)) != nil }

  /// What was sent from one end to another, a stream for each connection.
  ///
  /// An end is `address:port`, or `address:` for every port.
  func streams(from source: String, to destination: String) -> [[UInt8]] {
    let matching = segments.filter {
      $0.source.hasPrefix(source) && $0.destination.hasPrefix(destination) && !$0.payload.isEmpty
    }
    return Dictionary(grouping: matching) { $0.source + " " + $0.destination }.values.map { parts in
      let first = parts[0].sequence
      var stream: [UInt8] = []
      for part in parts.sorted(by: { $0.sequence &- first < $1.sequence &- first }) {
        // What was sent twice is taken once.
        stream += part.payload.dropFirst(max(0, stream.count - Int(part.sequence &- first)))
      }
      return stream
    }
  }

  /// The types of the TLS records that make up a stream; nil where there is something else in it.
  static func recordTypes(_ stream: [UInt8]) -> [TLSRecordType]? {
    var types: [TLSRecordType] = []
    var start = 0
    while start < stream.count {
      guard start + 5 <= stream.count, let type = TLSRecordType(rawValue: stream[start]),
        stream[start + 1] == 3
      else { return nil }
      types.append(type)
      start += 5 + Int(stream[start + 3]) << 8 + Int(stream[start + 4])
    }
    return types
  }

  private static func segment(_ frame: ArraySlice<UInt8>) -> CapturedSegment? {
    let frame = Array(frame)
    func number(_ at: Int, _ size: Int) -> UInt32 {
      frame[at..<(at + size)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    guard frame.count >= 34, number(12, 2) == 0x0800, frame[23] == 6 else { return nil }
    let tcp = 14 + Int(frame[14] & 15) * 4
    guard frame.count >= tcp + 20 else { return nil }
    let payload = tcp + Int(frame[tcp + 12] >> 4) * 4
    let end = min(frame.count, 14 + Int(number(16, 2)))
    guard payload <= end else { return nil }
    func address(_ at: Int) -> String {
      frame[at..<(at + 4)].map { String($0) }.joined(separator: ".")
    }
    return CapturedSegment(
      source: "\(address(26)):\(number(tcp, 2))",
      destination: "\(address(30)):\(number(tcp + 2, 2))", sequence: number(tcp + 4, 4),
      isReset: frame[tcp + 13] & 4 != 0, payload: frame[payload..<end])
  }
}

extension InterceptedMesh {
  /// Captures all that goes between hosts while `body` runs.
  ///
  /// A plaintext question to a port that is not redirected ends the capture. That it is seen shows
  /// that nothing before it is missing, and that plaintext would have been seen.
  func capturing(_ body: () async throws -> Void) async throws -> PacketCapture {
    let path = "\(directory)/\(UInt64.random(in: 0 ... .max)).pcap"
    let tcpdump = try start(
      "tcpdump", on: TestNetwork.hub,
      [
        "/usr/bin/tcpdump", "-i", TestNetwork.bridge, "-w", path, "-U", "--immediate-mode", "-Z",
        "root",
      ])
    do {
      try await eventually("tcpdump listens") {
        (ChildProgram.read(tcpdump.log) ?? "").contains("listening on")
      }
      try await body()
      let end = "end-\(UInt64.random(in: 0 ... .max))"
      let status = "http://\(network.address(of: "server")):15021/healthz/ready?\(end)"
      let probe = ask(status, from: "outside")
      guard probe.status == 200 else { throw MeshFailure("no readiness: \(probe)") }
      try await eventually("the end is captured") {
        try PacketCapture(Self.bytes(of: path)).contains(end)
      }
    } catch {
      await tcpdump.stop()
      throw error
    }
    await tcpdump.stop()
    return try PacketCapture(Self.bytes(of: path))
  }

  private static func bytes(of path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map { Array($0) } ?? []
  }
}
