internal import KubernetesAPI
internal import StreamingJSON

/// `/validate`: whether an object may be stored.
struct ValidationWebhook {
  let validator: AdmissionWebhookConfiguration.Validator

  func answer(_ review: AdmissionReview) -> AdmissionAnswer {
    guard review.operation == "CREATE" || review.operation == "UPDATE" else { return .allowed }
    guard let resource = ObjectVerdict.resource(group: review.kind.group, kind: review.kind.kind)
    else { return .refused("unrecognized type \(review.kind.kind.prefix(64))") }
    guard let object = review.object else {
      return .refused("error decoding configuration: the request has no object")
    }
    let issues = validator(resource, object)
    let warnings = issues.filter { $0.severity == .warning }.prefix(20).map(\.description)
    let errors = issues.filter { $0.severity == .error }
    guard !errors.isEmpty else { return AdmissionAnswer(warnings: Array(warnings)) }
    let text = errors.prefix(20).map(\.description).joined(separator: "; ")
    let rest = errors.count > 20 ? "; and \(errors.count - 20) more" : ""
    return .refused("configuration is invalid: \(text)\(rest)", warnings: Array(warnings))
  }
}
