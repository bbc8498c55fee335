internal import Foundation
import Testing

@testable internal import AdmissionWebhooks

@Suite struct GzipDecoderTests {
  private static let limit = 1 << 20

  @Test(arguments: [0, 1, 6, 9])
  func `what gzip compressed comes out again`(level: Int) throws {
    let text = (0..<4_000).map { "line \($0 % 97) \($0 * 31 % 1_013)\n" }.joined()
    for contents in ["", "a", text, String(repeating: "0", count: 300_000)] {
      let bytes = Array(contents.utf8)
      let packed = try Gzip.compress(bytes, level: level)
      #expect(try GzipDecoder.decode(packed, limit: Self.limit) == bytes)
      #expect(throws: GzipError.self) {
        try GzipDecoder.decode(Array(packed.dropLast()), limit: Self.limit)
      }
    }
  }

  @Test func `members follow each other`() throws {
    let packed = try Gzip.compress(Array("one".utf8)) + Gzip.compress(Array("two".utf8))
    #expect(try GzipDecoder.decode(packed, limit: 6) == Array("onetwo".utf8))
    #expect(throws: GzipError.tooLarge) { try GzipDecoder.decode(packed, limit: 5) }
  }

  @Test func `a bomb is given up at the limit`() throws {
    let packed = try Gzip.compress([UInt8](repeating: 0x20, count: 64 << 20))
    #expect(packed.count < 70_000)
    #expect(throws: GzipError.tooLarge) { try GzipDecoder.decode(packed, limit: Self.limit) }
  }

  @Test func `damage is told, never a trap`() throws {
    let packed = try Gzip.compress(Array((0..<60).map { "entry \($0)" }.joined().utf8))
    for index in packed.indices {
      for flip in [UInt8(1), 0x80, 0xFF] {
        var damaged = packed
        damaged[index] ^= flip
        // Time, operating system and level in the header mean nothing.
        _ = try? GzipDecoder.decode(damaged, limit: Self.limit)
      }
      #expect(throws: GzipError.self) {
        try GzipDecoder.decode(Array(packed[..<index]), limit: Self.limit)
      }
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
      _ = try? GzipDecoder.decode([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0] + noise, limit: 10_000)
    }
  }
}

/// The gzip of the system, as another opinion on the format.
enum Gzip {
  struct Failure: Error {}

  static func compress(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gzip-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "data")
    try Data(bytes).write(to: file)
    let script = """
      import sys, gzip
      data = open(sys.argv[1], 'rb').read()
      open(sys.argv[1] + '.gz', 'wb').write(gzip.compress(data, int(sys.argv[2])))
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-c", script, file.path, "\(level)"]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure() }
    return [UInt8](try Data(contentsOf: folder.appending(path: "data.gz")))
  }
}
