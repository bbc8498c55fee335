internal import Foundation
internal import IstioAPI
import MeshTesting
internal import StreamingJSON
import Testing
internal import YAML

/// Documents with the verdict expected of them (`_err`), kept beside the project.
@Suite struct ConformanceTests {
  private static let folder =
    ProcessInfo.processInfo.environment["SKEIN_CONFORMANCE"] ?? EnvoyBinary.packageFolder
    + "/../shared/conformance"

  private static func files(_ part: String) -> [String] {
    let path = "\(folder)/\(part)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if names.isEmpty { print("skipped: no documents in \(path)") }
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(path)/\($0)" }
  }

  @Test func `documents are accepted and refused as expected`() throws {
    for file in Self.files("validation") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      for document in try YAMLReader.documents(bytes, file: file) {
        guard let kind = document.value["kind"]?.stringValue.flatMap(IstioKind.init) else {
          continue
        }
        var object = document.value
        let expected = object["_err"]?.stringValue
        object["_err"] = nil
        let verdict = kind.check(try JSONReader(object.serialized()))
        let place = "\(file):\(document.start)"
        #expect(
          verdict.isAccepted == (expected == nil), "\(place) \(verdict.errors) \(expected ?? "")")
        #expect(verdict.unknownFields.isEmpty, "\(place)")
      }
    }
  }

  @Test func `the sample application is accepted`() throws {
    for file in Self.files("bookinfo") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      for document in try YAMLReader.documents(bytes, file: file) {
        guard let kind = document.value["kind"]?.stringValue.flatMap(IstioKind.init) else {
          continue
        }
        let verdict = kind.check(try JSONReader(document.value.serialized()))
        #expect(verdict.errors.isEmpty, "\(file):\(document.start)")
        #expect(verdict.unknownFields.isEmpty, "\(file):\(document.start)")
      }
    }
  }
}
