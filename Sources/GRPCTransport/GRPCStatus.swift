/// The outcome of a call: a canonical code and a sentence.
///
/// Travels as `grpc-status` and the percent-encoded `grpc-message`
/// (gRPC over HTTP/2, "Responses").
package struct GRPCStatus: Error, Hashable, Sendable, CustomStringConvertible {
  /// The canonical status codes.
  package enum Code: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
  }

  /// The canonical code.
  package var code: Code
  /// What happened, for people; empty for success.
  package var message: String

  /// A status with a code and an optional explanation.
  package init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  /// Success.
  package static let ok = GRPCStatus(.ok)

  package var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}

extension GRPCStatus {
  /// The status that a client assumes when a response is not gRPC at all
  /// (gRPC, "HTTP to gRPC status code mapping").
  static func forHTTPStatus(_ status: String) -> GRPCStatus {
    let message = "HTTP status \(status)"
    switch status {
    case "400": return GRPCStatus(.internalError, message)
    case "401": return GRPCStatus(.unauthenticated, message)
    case "403": return GRPCStatus(.permissionDenied, message)
    case "404": return GRPCStatus(.unimplemented, message)
    case "429", "502", "503", "504": return GRPCStatus(.unavailable, message)
    default: return GRPCStatus(.unknown, message)
    }
  }
}

/// The percent encoding of `grpc-message`: printable ASCII other than `%` stays as it is.
enum GRPCMessageEncoding {
  /// Encodes a message for a header value.
  static func encode(_ message: String) -> String {
    guard message.utf8.contains(where: { !isPlain($0) }) else { return message }
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in message.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Decodes a header value; what is not a valid escape stays as it is.
  static func decode(_ value: String) -> String {
    let input = Array(value.utf8)
    guard input.contains(UInt8(ascii: "%")) else { return value }
    var bytes: [UInt8] = []
    var index = 0
    while index < input.count {
      if input[index] == UInt8(ascii: "%"), index + 2 < input.count,
        let high = hexDigit(input[index + 1]), let low = hexDigit(input[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(input[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "%")
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
