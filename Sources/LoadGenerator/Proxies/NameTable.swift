internal import Synchronization

/// Gives equal names and versions one small number, so that thousands of proxies that hold the same
/// resources cost four bytes for each.
final class NameTable: Sendable {
  private struct State {
    var numbers: [String: Int32] = [:]
    var texts: [String] = []
  }

  private let state = Mutex(State())

  init() {}

  /// The number of a text.
  func number(of text: String) -> Int32 {
    state.withLock { state in
      if let number = state.numbers[text] { return number }
      let number = Int32(clamping: state.texts.count)
      state.numbers[text] = number
      state.texts.append(text)
      return number
    }
  }

  /// The numbers of UTF-8 texts.
  func numbers(of texts: [ArraySlice<UInt8>]) -> [Int32] {
    texts.map { number(of: String(decoding: $0, as: UTF8.self)) }
  }

  /// The texts of numbers that this table gave out.
  func texts(of numbers: some Collection<Int32>) -> [String] {
    state.withLock { state in
      numbers.map { state.texts.indices.contains(Int($0)) ? state.texts[Int($0)] : "" }
    }
  }

  func text(of number: Int32) -> String { texts(of: CollectionOfOne(number)).first ?? "" }
}
