/// A set of characters, as far as the size of its program needs it.
struct CharacterRanges {
  private var ranges: [ClosedRange<UInt32>] = []
  /// Instructions beyond those of the ranges, for sets that are only estimated.
  private var extra = 0

  private static let highest: UInt32 = 0x10FFFF

  mutating func insert(_ range: ClosedRange<UInt32>) {
    ranges.append(range)
  }

  mutating func formUnion(_ other: CharacterRanges) {
    ranges += other.ranges
    extra = max(extra, other.extra)
  }

  mutating func invert() {
    var inverted: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in merged() {
      if range.lowerBound > next { inverted.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= Self.highest { inverted.append(next...Self.highest) }
    ranges = inverted
  }

  /// About how many instructions matching one character of the set takes.
  var programSize: Int {
    var size = extra
    let merged = merged()
    for range in merged {
      // One instruction for each byte of each length of UTF-8 the range reaches into.
      for (low, high, cost) in [
        (0, 0x7F, 1), (0x80, 0x7FF, 2), (0x800, 0xFFFF, 4), (0x10000, Self.highest, 6),
      ] as [(UInt32, UInt32, Int)] where range.lowerBound <= high && range.upperBound >= low {
        size += cost
      }
    }
    return max(1, size + max(0, merged.count - 1))
  }

  private func merged() -> [ClosedRange<UInt32>] {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  private init(_ ranges: [ClosedRange<UInt32>], extra: Int = 0) {
    self.ranges = ranges
    self.extra = extra
  }

  init() {}

  private init(_ pairs: String) {
    let scalars = Array(pairs.unicodeScalars)
    var index = 0
    while index + 1 < scalars.count {
      ranges.append(scalars[index].value...scalars[index + 1].value)
      index += 2
    }
  }

  static let all = CharacterRanges([0...highest])
  static let anyCharacter = CharacterRanges([0...9, 11...highest])
  /// A Unicode class: hundreds of ranges, of which only the size matters.
  static let unicodeEstimate = CharacterRanges([0x41...0x5A], extra: 500)

  /// Classes by the names of POSIX, and those behind Perl's escapes.
  static let posix: [String: CharacterRanges] = [
    "alnum": CharacterRanges("09AZaz"), "alpha": CharacterRanges("AZaz"),
    "ascii": CharacterRanges([0...0x7F]), "blank": CharacterRanges("\t\t  "),
    "cntrl": CharacterRanges([0...0x1F, 0x7F...0x7F]), "digit": CharacterRanges("09"),
    "graph": CharacterRanges("!~"), "lower": CharacterRanges("az"),
    "print": CharacterRanges(" ~"), "punct": CharacterRanges("!/:@[`{~"),
    "space": CharacterRanges("\t\r  "), "upper": CharacterRanges("AZ"),
    "word": CharacterRanges("09AZaz__"), "xdigit": CharacterRanges("09AFaf"),
    "perl-space": CharacterRanges([9...10, 12...13, 32...32]),
  ]
}

/// The names RE2 knows behind `\p`: general categories and scripts.
enum UnicodeClassNames {
  private static let categories = Set(
    """
    C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl \
    Zp Zs Any
    """.split(separator: " ").map(String.init))

  private static let scripts = Set(
    """
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali \
    Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian \
    Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret \
    Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian \
    Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya \
    Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi \
    Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi \
    Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian \
    Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin \
    Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani \
    Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong \
    Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian \
    Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau \
    Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham \
    SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa \
    Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta \
    Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
    """.split(separator: " ").map(String.init))

  static func contains(_ name: String) -> Bool {
    categories.contains(name) || scripts.contains(name)
  }
}
