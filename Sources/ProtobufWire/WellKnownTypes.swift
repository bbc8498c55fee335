/// A `google.protobuf.Duration`.
package struct WireDuration: Hashable, Sendable {
  package var seconds: Int64
  /// From 0 to 999,999,999, of the same sign as `seconds`.
  package var nanoseconds: Int32

  package init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static let zero = WireDuration(seconds: 0)

  /// A duration of whole milliseconds.
  package static func milliseconds(_ value: Int64) -> WireDuration {
    WireDuration(seconds: value / 1000, nanoseconds: Int32(value % 1000) * 1_000_000)
  }
}

/// A `google.protobuf.Value`; the fields of a struct keep the order they are given in.
package indirect enum WireValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case list([WireValue])
  case object(WireStruct)
}

/// A `google.protobuf.Struct` whose fields are written in the order given.
///
/// Equal inputs have to give equal bytes, so the order is the caller's and never that of a hash table.
package struct WireStruct: Hashable, Sendable {
  package var fields: [Field]

  package init(_ fields: [Field] = []) {
    self.fields = fields
  }

  /// One named value.
  package struct Field: Hashable, Sendable {
    package var name: String
    package var value: WireValue

    package init(_ name: String, _ value: WireValue) {
      self.name = name
      self.value = value
    }
  }
}

extension WireBuffer {
  /// Appends a `google.protobuf.Duration` field.
  package mutating func duration(_ field: UInt32, _ value: WireDuration) {
    let start = open(field)
    if value.seconds != 0 { int64(1, value.seconds) }
    if value.nanoseconds != 0 { int64(2, Int64(value.nanoseconds)) }
    close(start)
  }

  /// Appends a field of one of the integer wrapper types; zero is written as an empty message.
  package mutating func wrapped(_ field: UInt32, _ value: UInt64) {
    let start = open(field)
    if value != 0 { uint64(1, value) }
    close(start)
  }

  /// Appends a `google.protobuf.BoolValue` field.
  package mutating func wrapped(_ field: UInt32, _ value: Bool) {
    wrapped(field, UInt64(value ? 1 : 0))
  }

  /// Appends a `google.protobuf.DoubleValue` field.
  package mutating func wrapped(_ field: UInt32, _ value: Double) {
    let start = open(field)
    if value != 0 { double(1, value) }
    close(start)
  }

  /// Appends a `google.protobuf.StringValue` field.
  package mutating func wrapped(_ field: UInt32, _ value: String) {
    let start = open(field)
    if !value.isEmpty { string(1, value) }
    close(start)
  }

  /// Appends a `google.protobuf.Struct` field.
  package mutating func structure(_ field: UInt32, _ value: WireStruct) {
    let start = open(field)
    contents(value)
    close(start)
  }

  private mutating func contents(_ value: WireStruct) {
    for field in value.fields {
      entry(1, field.name) { $0.value(2, field.value) }
    }
  }

  private mutating func value(_ field: UInt32, _ value: WireValue) {
    let start = open(field)
    switch value {
    case .null: uint64(1, 0)
    case .number(let number): double(2, number)
    case .string(let text): string(3, text)
    case .bool(let flag): bool(4, flag)
    case .object(let object): structure(5, object)
    case .list(let elements):
      let list = open(6)
      for element in elements { self.value(1, element) }
      close(list)
    }
    close(start)
  }
}
