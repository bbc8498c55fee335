/// What Envoy accepts as a regular expression: RE2 syntax within a budget.
///
/// Istio and Envoy match the whole string against a pattern, never a part of it. RE2 has no
/// backreferences and no lookaround. The rules are those of RE2's documented syntax with Perl
/// extensions, as Envoy compiles patterns.
package enum RegularExpression {
  /// Why a pattern is refused.
  package struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as a clause without a final stop.
    package var message: String
    /// The character of the pattern at which the fault is, counted from zero.
    package var offset: Int

    /// Creates an error.
    package init(message: String, offset: Int) {
      self.message = message
      self.offset = offset
    }

    /// Message and place.
    package var description: String { "\(message) at character \(offset)" }
  }

  /// Bounds on a pattern.
  package struct Limits: Hashable, Sendable {
    /// The most characters a pattern may have.
    package var length: Int
    /// The largest program a pattern may compile to, in RE2's instructions.
    package var programSize: Int

    /// Creates limits; the defaults are Istio's length and the program size its bootstraps allow.
    package init(length: Int = 1_024, programSize: Int = 32_768) {
      self.length = length
      self.programSize = programSize
    }
  }

  /// Why Envoy would refuse the pattern, or `nil` when it would not.
  package static func validate(_ pattern: String, limits: Limits = Limits()) -> PatternError? {
    do throws(PatternError) {
      _ = try programSize(pattern, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  /// About how many instructions RE2 compiles the pattern to; errs on the high side.
  package static func programSize(
    _ pattern: String, limits: Limits = Limits()
  ) throws(PatternError) -> Int {
    let scalars = Array(pattern.unicodeScalars)
    guard scalars.count <= limits.length else {
      throw PatternError(
        message:
          "the pattern has \(scalars.count) characters, more than the \(limits.length) allowed",
        offset: limits.length)
    }
    var parser = PatternParser(scalars)
    let size = try parser.parse()
    guard size <= limits.programSize else {
      throw PatternError(
        message: "the pattern compiles to about \(size) instructions, more than the "
          + "\(limits.programSize) allowed", offset: 0)
    }
    return size
  }
}
