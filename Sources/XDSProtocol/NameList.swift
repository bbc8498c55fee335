/// The names of a request, kept as they came: a proxy names thousands, and a digest of them is mostly
/// all that is needed.
package struct NameList: Sendable, ExpressibleByArrayLiteral {
  private var slices: [ArraySlice<UInt8>] = []
  /// Of the names, each counted as often as it stands there.
  package private(set) var digest = SetDigest()

  package init() {}

  package init(_ names: some Sequence<String>) {
    for name in names { append(Array(name.utf8)[...]) }
  }

  package init(arrayLiteral elements: String...) { self.init(elements) }

  mutating func append(_ name: ArraySlice<UInt8>) {
    slices.append(name)
    digest.add(StableHash.of(name))
  }

  package var isEmpty: Bool { slices.isEmpty }
  package var strings: [String] { slices.map { String(decoding: $0, as: UTF8.self) } }
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
