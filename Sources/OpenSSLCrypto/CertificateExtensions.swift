/// The extensions of a certificate that matter here.
struct CertificateExtensions {
  var subjectAlternativeNames: [SubjectAlternativeName] = []
  var subjectAlternativeNameIsCritical = false
  var isCA = false
  var keyUsage: KeyUsage?
  var extendedKeyUsages: Set<ExtendedKeyUsage>?
  var subjectKeyIdentifier: [UInt8]?
  var authorityKeyIdentifier: [UInt8]?
  /// Whether there is one that is neither read here nor a mere pointer to other documents.
  var hasOthers = false

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
    case ObjectIdentifier.authorityKeyIdentifier:
      var fields = try reader.read(DERTag.sequence).reader
      authorityKeyIdentifier = try fields.readIfPresent(DERTag.context(0)).map {
        Array($0.content)
      }
    case ObjectIdentifier.authorityInformation, ObjectIdentifier.revocationLists:
      break
    default:
      hasOthers = true
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
