internal import HTTPTypes
internal import KubernetesAPI
internal import StreamingJSON

/// A question of the API server (`admission.k8s.io` AdmissionReview, v1 or v1beta1).
struct AdmissionReview {
  /// The kind of the object.
  struct Kind: Hashable {
    var group = ""
    var version = ""
    var kind = ""
  }

  var apiVersion = ""
  var uid = ""
  var kind = Kind()
  var namespace = ""
  var name = ""
  var operation = ""
  /// A reader at the start of the object; nil when there is none, as in a deletion.
  var object: JSONReader?

  /// Reads a review.
  ///
  /// - Throws: `WebhookFailure` with the status of the answer.
  init(_ bytes: [UInt8]) throws(WebhookFailure) {
    do throws(JSONDecodingError) {
      var reader = try JSONReader(bytes, limits: JSONLimits(size: WebhookBody.maximumSize))
      var documentKind = ""
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "apiVersion": apiVersion = try reader.read()
        case "kind": documentKind = try reader.read()
        case "request": try readRequest(&reader)
        default: try reader.skipValue()
        }
      }
      try reader.finish()
      let versions = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"]
      guard versions.contains(apiVersion), documentKind == "AdmissionReview" else {
        throw JSONDecodingError(
          path: "apiVersion", message: "the document is not an AdmissionReview",
          remedy: "send admission.k8s.io/v1 or v1beta1")
      }
      guard !uid.isEmpty else {
        throw JSONDecodingError(path: "request.uid", message: "the request has no uid")
      }
    } catch {
      throw WebhookFailure(.badRequest, "the body cannot be read: \(error)")
    }
  }

  private mutating func readRequest(_ reader: inout JSONReader) throws(JSONDecodingError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "uid": uid = try reader.read()
      case "kind": kind = try Self.readKind(&reader)
      case "namespace": namespace = try reader.read()
      case "name": name = try reader.read()
      case "operation": operation = try reader.read()
      case "object":
        let range = try reader.readRawRange()
        object = JSONReader(reader, range: range)
      default: try reader.skipValue()
      }
    }
  }

  private static func readKind(_ reader: inout JSONReader) throws(JSONDecodingError) -> Kind {
    var kind = Kind()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "group": kind.group = try reader.read()
      case "version": kind.version = try reader.read()
      case "kind": kind.kind = try reader.read()
      default: try reader.skipValue()
      }
    }
    return kind
  }

  /// The review with an answer, as the API server wants it back.
  func answered(_ answer: AdmissionAnswer) -> [UInt8] {
    var response: JSONValue = ["uid": .string(uid), "allowed": .bool(answer.isAllowed)]
    if let refusal = answer.refusal {
      response["status"] = [
        "status": "Failure", "message": .string(refusal), "reason": "Invalid", "code": 422,
      ]
    }
    if !answer.patch.isEmpty {
      let bytes = JSONValue.array(answer.patch).serialized()
      response["patchType"] = "JSONPatch"
      response["patch"] = .string(Base64.encode(bytes))
    }
    if !answer.warnings.isEmpty {
      response["warnings"] = .array(answer.warnings.map { .string($0) })
    }
    let review: JSONValue = [
      "kind": "AdmissionReview", "apiVersion": .string(apiVersion), "response": response,
    ]
    return review.serialized()
  }
}

/// What the API server is told.
struct AdmissionAnswer {
  /// Why the object is refused; nil when it is allowed.
  var refusal: String?
  /// The changes to the object.
  var patch: [JSONValue] = []
  /// What the user is shown.
  var warnings: [String] = []

  static let allowed = AdmissionAnswer()

  var isAllowed: Bool { refusal == nil }

  static func refused(_ message: String, warnings: [String] = []) -> AdmissionAnswer {
    AdmissionAnswer(refusal: message, warnings: warnings)
  }
}
