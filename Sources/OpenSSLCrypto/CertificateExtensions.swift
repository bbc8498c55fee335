/// The extensions of a certificate that matter here.
struct CertificateExtensions {
  var subjectAlternativeNames: [SubjectAlternativeName] = []
  var subjectAlternativeNameIsCritical = false
  var isCA = false
  var keyUsage: KeyUsage?
  var extendedKeyUsages: Set<ExtendedKeyUsage>?
  var subjectKeyIdentifier: [UInt8]?

  /// Reads the `[3]` element of a TBSCertificate.
  init(_ element: DERReader.Element?) throws(CryptoError) {
    guard let element else { return }
    var outer = element.reader
    var list = try outer.read(DERTag.sequence).reader
    while !list.isAtEnd {
      var fields = try list.read(DERTag.sequence).reader
      let identifier = Array(try fields.read(DERTag.objectIdentifier).encoding)
      let critical = try fields.readIfPresent(DERTag.boolean)?.content.first ?? 0
      try read(
        identifier, isCritical: critical != 0, try fields.read(DERTag.octetString).content)
    }
  }

  private mutating func read(
    _ identifier: [UInt8], isCritical: Bool, _ value: ArraySlice<UInt8>
  ) throws(CryptoError) {
    var reader = DERReader(value, operation: "read a certificate extension")
    switch identifier {
    case ObjectIdentifier.subjectAlternativeName:
      subjectAlternativeNames = try SubjectAlternativeName.decode(value)
      subjectAlternativeNameIsCritical = isCritical
    case ObjectIdentifier.basicConstraints:
      var fields = try reader.read(DERTag.sequence).reader
      isCA = try fields.readIfPresent(DERTag.boolean)?.content.first ?? 0 != 0
    case ObjectIdentifier.keyUsage:
      let bytes = try reader.read(DERTag.bitString).content.dropFirst()
      let high = UInt16(bytes.first ?? 0) << 8
      keyUsage = KeyUsage(rawValue: high | UInt16(bytes.dropFirst().first ?? 0))
    case ObjectIdentifier.extendedKeyUsage:
      extendedKeyUsages = try Self.extendedKeyUsages(&reader)
    case ObjectIdentifier.subjectKeyIdentifier:
      subjectKeyIdentifier = Array(try reader.read(DERTag.octetString).content)
    default:
      break
    }
  }

  private static func extendedKeyUsages(
    _ reader: inout DERReader
  ) throws(CryptoError) -> Set<ExtendedKeyUsage> {
    var list = try reader.read(DERTag.sequence).reader
    var result: Set<ExtendedKeyUsage> = []
    while !list.isAtEnd {
      let identifier = Array(try list.read(DERTag.objectIdentifier).encoding)
      if let usage = ExtendedKeyUsage.allCases.first(where: { $0.identifier == identifier }) {
        result.insert(usage)
      }
    }
    return result
  }
}
