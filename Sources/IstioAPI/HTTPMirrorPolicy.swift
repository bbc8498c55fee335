package import StreamingJSON

/// A copy of requests sent elsewhere, whose answers are dropped.
package struct HTTPMirrorPolicy: Hashable, Sendable {
  /// Shadow target.
  package var destination: Destination?
  /// Share mirrored. Unset: 100 %.
  package var percentage: Percent?

  /// Creates a value; what is left out is as if it were not written.
  package init(destination: Destination? = nil, percentage: Percent? = nil) {
    self.destination = destination
    self.percentage = percentage
  }
}

extension HTTPMirrorPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "destination": destination = try reader.read()
      case "percentage": percentage = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A share in percent, such as 0.1.
package struct Percent: Hashable, Sendable {
  /// Double percent.
  package var value: Double

  /// Creates a value; what is left out is as if it were not written.
  package init(value: Double = 0) {
    self.value = value
  }
}

extension Percent: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "value": value = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
