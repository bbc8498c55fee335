internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The body of a request, bounded before anything is made of it.
enum WebhookBody {
  /// The longest body, as it is sent and as it is after expansion: istiod's limit.
  static let maximumSize = 6 << 20
  /// How many values a document may have. Each costs memory, however short its text is.
  static let maximumValues = 400_000
  /// How long a client may take to send its body.
  static let maximumTime = Duration.seconds(30)

  /// The JSON text of a request.
  ///
  /// - Throws: `WebhookFailure` with the status of the answer.
  static func read(_ request: Request) async throws(WebhookFailure) -> [UInt8] {
    guard mediaType(request.headers[.contentType] ?? "") == "application/json" else {
      throw WebhookFailure(
        .unsupportedMediaType, "the content type is not application/json")
    }
    let encoding = (request.headers[.contentEncoding] ?? "identity").lowercased()
    guard ["identity", "gzip"].contains(encoding) else {
      throw WebhookFailure(
        .unsupportedMediaType, "the content encoding is neither gzip nor identity")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maximumSize {
      throw tooLarge
    }
    var bytes = try await collect(request.body)
    guard !bytes.isEmpty else { throw WebhookFailure(.badRequest, "the body is empty") }
    if encoding == "gzip" {
      do throws(GzipError) {
        bytes = try GzipDecoder.decode(bytes, limit: maximumSize)
      } catch {
        if error == .tooLarge { throw tooLarge }
        throw WebhookFailure(.badRequest, "the body cannot be expanded: \(error)")
      }
    }
    guard valueCount(bytes) <= maximumValues else {
      throw WebhookFailure(
        .contentTooLarge, "the document has more than \(maximumValues) values")
    }
    return bytes
  }

  private static var tooLarge: WebhookFailure {
    WebhookFailure(.contentTooLarge, "the body has more than \(maximumSize) bytes")
  }

  private static func collect(_ body: RequestBody) async throws(WebhookFailure) -> [UInt8] {
    let outcome = await withTaskGroup(of: Result<[UInt8], WebhookFailure>?.self) { group in
      group.addTask { await gather(body) }
      group.addTask {
        // Cancelled as soon as the body is there; then nobody waits for this answer.
        do { try await ContinuousClock().sleep(for: maximumTime) } catch { return nil }
        return .failure(WebhookFailure(.requestTimeout, "the body did not arrive in time"))
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    switch outcome {
    case .success(let bytes): return bytes
    case .failure(let failure): throw failure
    case nil: throw WebhookFailure(.requestTimeout, "the request was given up")
    }
  }

  private static func gather(_ body: RequestBody) async -> Result<[UInt8], WebhookFailure> {
    var bytes: [UInt8] = []
    do {
      for try await buffer in body {
        guard bytes.count + buffer.readableBytes <= maximumSize else { return .failure(tooLarge) }
        bytes.append(contentsOf: buffer.readableBytesView)
      }
      return .success(bytes)
    } catch {
      return .failure(WebhookFailure(.badRequest, "the body was cut off"))
    }
  }

  private static func mediaType(_ text: String) -> String {
    let type = text.split(separator: ";", maxSplits: 1).first ?? ""
    return type.filter { $0 != " " && $0 != "\t" }.lowercased()
  }

  /// At least the number of values in a JSON text: what opens or separates them outside of strings.
  static func valueCount(_ bytes: [UInt8]) -> Int {
    var count = 1
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","): count += 1
      default: break
      }
    }
    return count
  }
}
