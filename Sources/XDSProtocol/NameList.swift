internal import ProtobufWire

/// The names of a request, kept as they came: a proxy names thousands, and a digest of them is mostly
/// all that is needed.
package struct NameList: Sendable, ExpressibleByArrayLiteral {
  /// A message of which one field, repeated, holds the names.
  private var message: [UInt8] = []
  private var field: UInt32 = 1
  /// Of the names, each counted as often as it stands there.
  package private(set) var digest = SetDigest()

  package init() {}

  package init(_ names: some Sequence<String>) {
    var wire = WireBuffer()
    for name in names {
      wire.string(field, name)
      digest.add(name)
    }
    message = wire.bytes
  }

  package init(arrayLiteral elements: String...) { self.init(elements) }

  /// Counts a name of a message that is being read; ``finish(_:field:)`` says which.
  mutating func count(_ name: UnsafeRawBufferPointer) {
    digest.add(unsafe StableHash.of(name))
  }

  mutating func finish(_ message: [UInt8], field: UInt32) {
    guard !isEmpty else { return }
    self.message = message
    self.field = field
  }

  package var isEmpty: Bool { digest.count == 0 }

  package var strings: [String] {
    var strings: [String] = []
    var reader = WireReader(message)
    while let next = try? reader.next() {
      if next.number == field, case .data(let name) = next.value {
        strings.append(String(decoding: name, as: UTF8.self))
      }
    }
    return strings
  }
}

/// The versions of resources that a proxy holds since an earlier stream, kept as they came.
package struct HeldVersions: Sendable, ExpressibleByDictionaryLiteral {
  /// Where names and versions stand in ``message``.
  private var places: [(name: Range<Int>, version: Range<Int>)] = []
  private var message: [UInt8] = []
  /// Of the (name, version) pairs.
  package private(set) var digest = SetDigest()

  package init() {}

  package init(_ versions: [String: String]) {
    for (name, version) in versions {
      let start = message.count
      message += Array(name.utf8)
      let middle = message.count
      message += Array(version.utf8)
      places.append((start..<middle, middle..<message.count))
      digest.add(name, version)
    }
  }

  package init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
  }

  /// Counts a pair of a message that is being read; ``finish(_:)`` says which.
  mutating func count(_ message: [UInt8], _ name: Range<Int>, _ version: Range<Int>) {
    places.append((name, version))
    digest.add(
      StableHash.pair(StableHash.of(message[name]), StableHash.of(message[version])))
  }

  mutating func finish(_ message: [UInt8]) {
    if !isEmpty { self.message = message }
  }

  package var isEmpty: Bool { digest.count == 0 }

  package var dictionary: [String: String] {
    func text(_ place: Range<Int>) -> String { String(decoding: message[place], as: UTF8.self) }
    return Dictionary(
      places.map { (text($0.name), text($0.version)) }, uniquingKeysWith: { $1 })
  }
}
