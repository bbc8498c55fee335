internal import HTTPTypes

/// A request that gets no review back, only a status and a sentence.
struct WebhookFailure: Error {
  var status: HTTPResponse.Status
  var message: String

  init(_ status: HTTPResponse.Status, _ message: String) {
    self.status = status
    self.message = message
  }
}
