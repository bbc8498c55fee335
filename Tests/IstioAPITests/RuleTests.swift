internal import Foundation
internal import IstioAPI
import MeshTesting
internal import StreamingJSON
import Testing

/// One specification for each rule, which breaks nothing else.
@Suite struct RuleTests {
  @Test func `every rule refuses with the field it is about`() throws {
    let path = EnvoyBinary.packageFolder + "/Tests/IstioAPITests/Fixtures/refused.txt"
    let lines = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count > 300)
    for line in lines {
      let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
      guard parts.count == 3, let kind = IstioKind(rawValue: parts[0]) else {
        Issue.record("the line is malformed: \(line)")
        continue
      }
      let verdict = try SpecDocuments.check(kind, spec: parts[2])
      #expect(verdict.errors.first?.path == parts[1], "\(line)\n\(verdict.errors)")
      #expect(verdict.unknownFields.isEmpty, "\(line)")
    }
  }
}
