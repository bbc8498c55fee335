internal import RegularExpression

/// The verdict on regular expressions, in words.
enum PatternCheck {
  /// Why Envoy would refuse the pattern, or `nil`.
  static func fault(_ pattern: String) -> String? {
    RegularExpression.validate(pattern)?.description
  }
}
