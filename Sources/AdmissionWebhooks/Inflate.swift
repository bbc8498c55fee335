/// Expands one stream of DEFLATE data (RFC 1951).
struct Inflate {
  private let input: [UInt8]
  private var position: Int
  private var bits: UInt32 = 0
  private var bitCount = 0
  private(set) var output: [UInt8]
  /// Where this stream's output begins; distances do not reach further back.
  private let base: Int
  private let limit: Int

  init(_ input: [UInt8], from position: Int, output: consuming [UInt8], limit: Int) {
    self.input = input
    self.position = position
    self.base = output.count
    self.output = output
    self.limit = limit
  }

  /// The first byte behind the stream.
  var nextByte: Int { position }

  mutating func run() throws(GzipError) {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1: try expand(literals: Self.fixedLiterals, distances: Self.fixedDistances)
      case 2:
        let (literals, distances) = try readTables()
        try expand(literals: literals, distances: distances)
      default: throw .malformed("a block has an unknown type")
      }
    }
  }

  // MARK: Bits

  /// The next bits, at most 16, the first of them lowest.
  private mutating func take(_ count: Int) throws(GzipError) -> Int {
    while bitCount < count {
      guard position < input.count else { throw .malformed("the data is cut off") }
      bits |= UInt32(input[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    let value = bits & ((1 << UInt32(count)) - 1)
    bits >>= UInt32(count)
    bitCount -= count
    return Int(value)
  }

  private mutating func decode(_ code: HuffmanCode) throws(GzipError) -> Int {
    var word = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      word |= try take(1)
      let count = code.counts[length]
      if word - first < count { return code.symbols[index + word - first] }
      index += count
      first = (first + count) << 1
      word <<= 1
    }
    throw .malformed("a code is not in its table")
  }

  // MARK: Blocks

  private mutating func copyStored() throws(GzipError) {
    bits = 0
    bitCount = 0
    guard position <= input.count - 4 else { throw .malformed("the data is cut off") }
    let length = Int(input[position]) | Int(input[position + 1]) << 8
    let complement = Int(input[position + 2]) | Int(input[position + 3]) << 8
    guard length == complement ^ 0xFFFF else { throw .malformed("a length is damaged") }
    position += 4
    guard length <= input.count - position else { throw .malformed("the data is cut off") }
    guard output.count + length <= limit else { throw .tooLarge }
    output.append(contentsOf: input[position..<(position + length)])
    position += length
  }

  private mutating func expand(
    literals: HuffmanCode, distances: HuffmanCode
  ) throws(GzipError) {
    while true {
      let symbol = try decode(literals)
      if symbol == 256 { return }
      if symbol < 256 {
        guard output.count < limit else { throw .tooLarge }
        output.append(UInt8(truncatingIfNeeded: symbol))
        continue
      }
      guard symbol - 257 < Self.lengths.count else { throw .malformed("a length is unknown") }
      let (lengthBase, lengthBits) = Self.lengths[symbol - 257]
      let length = lengthBase + (try take(lengthBits))
      let distanceSymbol = try decode(distances)
      guard distanceSymbol < Self.distances.count else {
        throw .malformed("a distance is unknown")
      }
      let (distanceBase, distanceBits) = Self.distances[distanceSymbol]
      let distance = distanceBase + (try take(distanceBits))
      guard distance <= output.count - base else {
        throw .malformed("a distance reaches before the start")
      }
      guard output.count + length <= limit else { throw .tooLarge }
      // What is copied may reach into what is being written.
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  // MARK: Tables

  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private mutating func readTables() throws(GzipError) -> (HuffmanCode, HuffmanCode) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let codeCount = try take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else {
      throw .malformed("a table is too long")
    }
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<codeCount { codeLengths[Self.order[index]] = try take(3) }
    let codes = try HuffmanCode(codeLengths)
    var lengths: [Int] = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try decode(codes)
      let value: Int
      let count: Int
      switch symbol {
      case 0..<16: (value, count) = (symbol, 1)
      case 16:
        guard let last = lengths.last else { throw .malformed("a table repeats nothing") }
        (value, count) = (last, 3 + (try take(2)))
      case 17: (value, count) = (0, 3 + (try take(3)))
      default: (value, count) = (0, 11 + (try take(7)))
      }
      lengths += repeatElement(value, count: count)
    }
    guard lengths.count == literalCount + distanceCount, lengths[256] != 0 else {
      throw .malformed("a table is damaged")
    }
    return (
      try HuffmanCode(Array(lengths[..<literalCount])),
      try HuffmanCode(Array(lengths[literalCount...]))
    )
  }

  private static let fixedLiterals = HuffmanCode(
    known: [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
      + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8))
  private static let fixedDistances = HuffmanCode(known: [Int](repeating: 5, count: 30))

  /// The shortest length of each symbol and how many bits are added to it.
  private static let lengths: [(Int, Int)] =
    ranges([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5], 3)
    .dropLast() + [(227, 5), (258, 0)]

  /// The shortest distance of each symbol and how many bits are added to it.
  private static let distances: [(Int, Int)] = ranges(
    [0, 0] + (0..<14).flatMap { [$0, $0] }, 1)

  private static func ranges(_ extraBits: [Int], _ first: Int) -> [(Int, Int)] {
    var next = first
    return extraBits.map { bits in
      defer { next += 1 << bits }
      return (next, bits)
    }
  }
}

/// A canonical Huffman code: how many words there are of each length, and their symbols in order.
struct HuffmanCode {
  private(set) var counts = [Int](repeating: 0, count: 16)
  private(set) var symbols: [Int] = []

  /// A code whose lengths are known to be right.
  init(known lengths: [Int]) { fill(lengths) }

  /// A code with the lengths of its symbols' words, at most 15; 0 for a symbol without word.
  init(_ lengths: [Int]) throws(GzipError) {
    fill(lengths)
    var left = 1
    for length in 1...15 {
      left = left << 1 - counts[length]
      guard left >= 0 else { throw .malformed("a table has too many codes") }
    }
  }

  private mutating func fill(_ lengths: [Int]) {
    for length in 1...15 {
      for (symbol, own) in lengths.enumerated() where own == length {
        counts[length] += 1
        symbols.append(symbol)
      }
    }
  }
}
