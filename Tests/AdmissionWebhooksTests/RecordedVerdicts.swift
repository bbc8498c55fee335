internal import Foundation
internal import StreamingJSON
internal import YAML

/// Documents with the verdict that is expected of them (`_err`).
enum RecordedVerdicts {
  struct Document: Sendable {
    var object: JSONValue
    var isRefused: Bool
    var place: String
  }

  static func read(_ folder: String) throws -> [Document] {
    var list: [Document] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    where name.hasSuffix(".yaml") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
      for document in try YAMLReader.documents(bytes, file: name)
      where document.value["kind"] != nil {
        var object = document.value
        let isRefused = object["_err"] != nil
        object["_err"] = nil
        list.append(
          Document(object: object, isRefused: isRefused, place: "\(name):\(document.start)"))
      }
    }
    return list
  }
}
