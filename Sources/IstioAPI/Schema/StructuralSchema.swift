/// What a field of Istio's API may hold: the one description that custom resource definitions,
/// `kubectl explain` and the tests of the decoders are made from.
///
/// It tells fields, types, choices, ranges and what is required. Rules between fields are those of
/// validation, which the webhook and `skein analyze` apply.
package struct StructuralSchema: Hashable, Sendable {
  /// A field of an object.
  package struct Field: Hashable, Sendable {
    /// What the field is called.
    package let name: String
    /// What it may hold.
    package let schema: StructuralSchema
  }

  /// The types of values.
  package indirect enum Shape: Hashable, Sendable {
    /// Text, of a number of characters and after a regular expression.
    case text(minimum: Int?, maximum: Int?, pattern: String?)
    /// One of some words.
    case choice([String])
    /// A whole number in a range.
    case integer(minimum: Int?, maximum: Int?)
    /// A number.
    case number
    /// True or false.
    case boolean
    /// Any object.
    case anything
    /// A list of some length.
    case list(StructuralSchema, minimum: Int?, maximum: Int?)
    /// An object with keys of the user's choice.
    case map(StructuralSchema, minimum: Int?, maximum: Int?)
    /// An object with known fields.
    case object([Field], required: [String])
  }

  /// The type and its limits.
  package let shape: Shape
  /// What the field is for.
  package private(set) var description = ""

  private init(_ shape: Shape) { self.shape = shape }

  /// The same with a description.
  func about(_ description: String) -> Self {
    var schema = self
    schema.description = description
    return schema
  }
}

// MARK: Writing schemas

/// The ends of a range that may lack one.
protocol SchemaBounds {
  var ends: (minimum: Int?, maximum: Int?) { get }
}

extension ClosedRange<Int>: SchemaBounds {
  var ends: (minimum: Int?, maximum: Int?) { (lowerBound, upperBound) }
}

extension PartialRangeFrom<Int>: SchemaBounds {
  var ends: (minimum: Int?, maximum: Int?) { (lowerBound, nil) }
}

extension PartialRangeThrough<Int>: SchemaBounds {
  var ends: (minimum: Int?, maximum: Int?) { (nil, upperBound) }
}

extension StructuralSchema {
  /// The regular expressions of names.
  enum Pattern: String {
    case group = "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    case kind = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
    case digest = "(^$|^[a-f0-9]{64}$)"
    case headerName = "^[-_A-Za-z0-9]+$"
  }

  static let text = Self(.text(minimum: nil, maximum: nil, pattern: nil))
  /// Text such as `1.5s`; that it is a duration is a rule of validation.
  static let duration = text
  static let boolean = Self(.boolean)
  static let number = Self(.number)
  static let integer = Self(.integer(minimum: nil, maximum: nil))
  static let natural = Self(.integer(minimum: 0, maximum: nil))
  static let unsigned = Self(.integer(minimum: 0, maximum: Int(UInt32.max)))
  static let anything = Self(.anything)

  static func text(length: (any SchemaBounds)? = nil, pattern: Pattern? = nil) -> Self {
    Self(
      .text(
        minimum: length?.ends.minimum, maximum: length?.ends.maximum, pattern: pattern?.rawValue))
  }

  static func choice(_ words: String...) -> Self { Self(.choice(words)) }

  static func integer(_ range: any SchemaBounds) -> Self {
    Self(.integer(minimum: range.ends.minimum, maximum: range.ends.maximum))
  }

  static func list(_ element: Self, count: (any SchemaBounds)? = nil) -> Self {
    Self(.list(element, minimum: count?.ends.minimum, maximum: count?.ends.maximum))
  }

  static func map(_ value: Self, count: (any SchemaBounds)? = nil) -> Self {
    Self(.map(value, minimum: count?.ends.minimum, maximum: count?.ends.maximum))
  }

  static func object(_ fields: KeyValuePairs<String, Self>, required: [String] = []) -> Self {
    Self(.object(fields.map { Field(name: $0.key, schema: $0.value) }, required: required))
  }
}
