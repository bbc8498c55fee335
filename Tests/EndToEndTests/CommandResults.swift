import Foundation
import MeshTesting
import StreamingJSON

extension RunningMesh {
  /// Runs a command of `skein` that talks to the API.
  func api(_ arguments: [String]) -> ChildProgram.Result {
    ChildProgram.run(Self.skein, arguments + ["--api-address", controlAddress + ":8001"])
  }

  /// Runs a command of `skein` that talks to the API.
  func api(_ arguments: String...) -> ChildProgram.Result { api(arguments) }

  /// Runs a command of `skein` that asks the control plane.
  func ask(_ arguments: String...) -> ChildProgram.Result {
    ChildProgram.run(Self.skein, arguments + ["--http-address", controlAddress + ":8080"])
  }
}

extension ChildProgram.Result {
  /// The cells of each line of a table, which are three spaces apart or more.
  var table: [[String]] {
    output.split(separator: "\n").map { line in
      line.components(separatedBy: "   ").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }
    }
  }

  var json: JSONValue {
    get throws { try JSONValue(parsing: Array(output.utf8)) }
  }
}
