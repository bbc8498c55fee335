internal import StreamingJSON

/// A refusal in the words of the Kubernetes API: what clients read from a `Status` object.
struct APIStatus: Error, Hashable {
  /// What is wrong with one field.
  struct Cause: Hashable {
    var reason: String
    var field: String
    var message: String
  }

  var code: Int
  var reason: String
  var message: String
  var group = ""
  var kind = ""
  var name = ""
  var causes: [Cause] = []

  static func badRequest(_ message: String) -> APIStatus {
    APIStatus(code: 400, reason: "BadRequest", message: message)
  }

  static func notFound(_ plural: String, _ group: String, _ name: String) -> APIStatus {
    let resource = group.isEmpty ? plural : "\(plural).\(group)"
    return APIStatus(
      code: 404, reason: "NotFound", message: "\(resource) \"\(name)\" not found", group: group,
      kind: plural, name: name)
  }

  static let unknownPath = APIStatus(
    code: 404, reason: "NotFound", message: "the server could not find the requested resource")

  static func noSubresource(_ name: String) -> APIStatus {
    APIStatus(
      code: 404, reason: "NotFound",
      message:
        "\"\(name.prefix(64))\" is not here: this API keeps objects and runs none; it has the "
        + "subresources status and, of service accounts, token")
  }

  static func alreadyExists(_ plural: String, _ group: String, _ name: String) -> APIStatus {
    let resource = group.isEmpty ? plural : "\(plural).\(group)"
    return APIStatus(
      code: 409, reason: "AlreadyExists", message: "\(resource) \"\(name)\" already exists",
      group: group, kind: plural, name: name)
  }

  static func conflict(
    _ plural: String, _ group: String, _ name: String, _ detail: String
  ) -> APIStatus {
    let resource = group.isEmpty ? plural : "\(plural).\(group)"
    return APIStatus(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(resource) \"\(name)\": \(detail)", group: group,
      kind: plural, name: name)
  }

  static func tooLarge(_ limit: Int) -> APIStatus {
    APIStatus(
      code: 413, reason: "RequestEntityTooLarge",
      message: "Request entity too large: limit is \(limit)")
  }

  static func expired(_ revision: Int64, oldest: Int64) -> APIStatus {
    APIStatus(
      code: 410, reason: "Expired", message: "too old resource version: \(revision) (\(oldest))")
  }

  static let methodNotAllowed = APIStatus(
    code: 405, reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource")

  static func invalid(
    group: String, kind: String, name: String, issues: [FieldIssue]
  ) -> APIStatus {
    let causes = issues.prefix(50).map { issue in
      let remedy = issue.remedy.map { " (\($0))" } ?? ""
      return Cause(
        reason: "FieldValueInvalid", field: issue.path,
        message: "Invalid value: \(issue.message)\(remedy)")
    }
    let resource = group.isEmpty ? kind : "\(kind).\(group)"
    let list = causes.map { "\($0.field): \($0.message)" }
    let text = list.count == 1 ? list[0] : "[\(list.joined(separator: ", "))]"
    return APIStatus(
      code: 422, reason: "Invalid", message: "\(resource) \"\(name)\" is invalid: \(text)",
      group: group, kind: kind, name: name, causes: causes)
  }

  static func unsupportedMediaType(_ type: String) -> APIStatus {
    APIStatus(
      code: 415, reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - \(type.prefix(100))")
  }

  static func internalError(_ message: String) -> APIStatus {
    APIStatus(code: 500, reason: "InternalError", message: message)
  }

  /// The `Status` object.
  var object: JSONValue {
    var details: JSONValue = [:]
    if !name.isEmpty { details["name"] = .string(name) }
    if !group.isEmpty { details["group"] = .string(group) }
    if !kind.isEmpty { details["kind"] = .string(kind) }
    if !causes.isEmpty {
      details["causes"] = .array(
        causes.map {
          [
            "reason": .string($0.reason), "message": .string($0.message),
            "field": .string($0.field),
          ]
        })
    }
    return [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
      "message": .string(message), "reason": .string(reason), "details": details,
      "code": .integer(Int64(code)),
    ]
  }

  /// The `Status` object that tells of a deletion.
  static func deleted(plural: String, group: String, name: String, uid: String) -> JSONValue {
    var details: JSONValue = ["name": .string(name), "kind": .string(plural), "uid": .string(uid)]
    if !group.isEmpty { details["group"] = .string(group) }
    return [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
      "details": details,
    ]
  }
}
