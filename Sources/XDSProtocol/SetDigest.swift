/// A digest of a set of names, or of (name, version) pairs, that does not depend on their order.
///
/// Equal sets have equal digests on every machine. It tells sets apart that differ by chance, not by
/// intent: whoever could gain by a collision only ever deceives itself.
package struct SetDigest: Hashable, Sendable {
  package private(set) var bits: UInt64 = 0
  package private(set) var count = 0

  package init() {}

  package mutating func add(_ name: String) { add(StableHash.of(name.utf8)) }
  package mutating func remove(_ name: String) { remove(StableHash.of(name.utf8)) }

  package mutating func add(_ name: String, _ version: String) {
    add(StableHash.pair(StableHash.of(name.utf8), StableHash.of(version.utf8)))
  }

  package mutating func remove(_ name: String, _ version: String) {
    remove(StableHash.pair(StableHash.of(name.utf8), StableHash.of(version.utf8)))
  }

  mutating func add(_ hash: UInt64) {
    bits &+= hash
    count += 1
  }

  mutating func remove(_ hash: UInt64) {
    bits &-= hash
    count -= 1
  }

  /// Adds all members of a set that has none in common with this one.
  package mutating func formUnion(_ other: SetDigest) {
    bits &+= other.bits
    count += other.count
  }

  /// Hexadecimal, for reports.
  package var text: String { String(bits, radix: 16) }
}

/// A hash that is the same in every process.
enum StableHash {
  static func of(_ text: String.UTF8View) -> UInt64 {
    let fast = unsafe text.withContiguousStorageIfAvailable {
      unsafe of(UnsafeRawBufferPointer($0))
    }
    return fast ?? of(Array(text)[...])
  }

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe of($0) }
  }

  static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
    mix(first ^ (second &* 0x9E37_79B9_7F4A_7C15 &+ 0x632B_E59B_D9B4_E019))
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
      let word = unsafe UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < bytes.count {
      rest = rest << 8 | UInt64(unsafe bytes[offset])
      offset += 1
    }
    return mix(hash ^ rest)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var hash = value
    hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return hash ^ hash >> 33
  }
}
