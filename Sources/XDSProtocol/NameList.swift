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
  mutating func count(_ name: ArraySlice<UInt8>) { digest.add(StableHash.of(name)) }

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
  private var pairs: [(name: ArraySlice<UInt8>, version: ArraySlice<UInt8>)] = []
  /// Of the (name, version) pairs.
  package private(set) var digest = SetDigest()
  /// Of the names alone.
  package private(set) var nameDigest = SetDigest()

  package init() {}

  package init(_ versions: [String: String]) {
    for (name, version) in versions { append(Array(name.utf8)[...], Array(version.utf8)[...]) }
  }

  package init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
  }

  mutating func append(_ name: ArraySlice<UInt8>, _ version: ArraySlice<UInt8>) {
    pairs.append((name, version))
    let hash = StableHash.of(name)
    nameDigest.add(hash)
    digest.add(StableHash.pair(hash, StableHash.of(version)))
  }

  package var isEmpty: Bool { pairs.isEmpty }

  package var dictionary: [String: String] {
    Dictionary(
      pairs.map {
        (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.version, as: UTF8.self))
      },
      uniquingKeysWith: { $1 })
  }
}
